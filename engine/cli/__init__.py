"""The command line. Exit 0: fine; 1: faults were found, and listed; 2: wrong use."""
from engine.bench import bench_command
from engine.cli import keeping, packs, people, running
from engine.cli.here import engine_as_it_is, engine_here, main_group, settings_here, warn_of_plain_backups

main_group.add_command(bench_command)

__all__ = ["engine_as_it_is", "engine_here", "keeping", "main_group", "packs", "people", "running", "settings_here", "warn_of_plain_backups"]
