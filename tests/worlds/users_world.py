"""The world of docs/worlds/your_own.md, as a user's own."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "worlds" / "your_own.md"
exec(compile(re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)[0], PAGE, "exec"))
