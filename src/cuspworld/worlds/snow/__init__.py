"""An animal jumps through the snow; lumps fall and crumble."""

NAME = "Snow"
