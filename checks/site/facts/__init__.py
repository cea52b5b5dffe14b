"""Tables of facts about releases, and the values of one row by release."""
