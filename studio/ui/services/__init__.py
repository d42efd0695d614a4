"""What panels share: session, messages, saving, recovery. It knows no panel."""
