"""The interface that programs for OpenAI's know: chat completions and models, answered by ordinary `chat.complete` jobs."""
