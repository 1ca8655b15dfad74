"""What pages and posts cost: the parts of `casereview bench` that need the web."""
