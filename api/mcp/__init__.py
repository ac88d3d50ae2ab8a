"""The door for language models: the Model Context Protocol on the keys, scopes and limits of the API."""
