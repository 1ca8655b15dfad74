"""Playing a pack's scenarios on a set clock."""
