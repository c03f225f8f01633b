"""Export, verify and benchmark fine-tuned kerasbert models; imported as `kerasbert.export`."""
