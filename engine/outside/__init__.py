"""What can be down: mail servers and clocks. Everything leaves the house through here, after the commit."""
