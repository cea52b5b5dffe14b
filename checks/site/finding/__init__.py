"""How a reader finds the section that helps: by a message, of which there is a catalogue, and by words that the pages do not use."""
