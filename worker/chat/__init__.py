"""Conversations: messages with text, images and videos in, one answer out."""
