"""The declaration: frozen, plain values, shape only. Whether what it names exists, ``check`` says."""
