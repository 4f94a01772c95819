"""Virtual patients: what is known of each, how they are drawn, refused and weighted."""
