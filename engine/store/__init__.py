"""The database: tables, moments, sealed columns, locks and migrations."""
