"""Language models behind one protocol: a GGUF file in process, a server on the local network, a ledger, a batch of files."""
