"""Pictures as vectors: files decoded, and run through pretrained CNNs."""
