"""The review: two versions of a program -> one document -> terminal, Markdown, JSON, exit code."""
