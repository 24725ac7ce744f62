"""Load on an inference server: what `aiinfra bench` and the server's own benchmark drive."""
