"""What a trial is: arms, regimens, rules, visits and who gets what."""
