"""Pure rules: dates, deadlines, references and access. They decide; they change nothing."""
