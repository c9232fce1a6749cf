"""Three or four puppies romp over the grass and pass behind one another."""

NAME = "Puppies"
