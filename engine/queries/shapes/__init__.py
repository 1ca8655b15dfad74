"""What pages are given: plain values, already decided."""
