"""`casereview coverage`: which clause is carried by what, and which story or test shows it."""
