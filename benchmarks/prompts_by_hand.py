"""Prompts that a person wrote, and what must be true of a clip that answers each.

`BEFORE` was written before the matcher, which was then mended on it; `AFTER` was written when that was done, and
nothing was mended on it. `FOREIGN` is what no library of these worlds knows, `IMPOSSIBLE` what none of its clips shows.

(prompt, world, facts): a fact is a value or a tuple of allowed ones. Balls and ships: `things` must all be there, each
with all of its words; `at`: an event within 0.15 s of a time; `first`: what is true of the left ball.
"""

from typing import Any

BEFORE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # Juice: outcome, colour, strength
    (
        "A tumbler full of red juice gets a hard shove and topples.",
        "Juice",
        {"outcome": "tips", "c": "red", "s": "hard"},
    ),
    ("The blue juice is knocked over and makes a puddle on the table.", "Juice", {"outcome": "tips", "c": "blue"}),
    (
        "Somebody nudges a glass of green juice, but it does not fall over.",
        "Juice",
        {"outcome": ("rocks", "slides"), "c": "green", "s": "gently"},
    ),
    (
        "Pushed firmly, the glass of orange juice wobbles and stays upright without spilling a drop.",
        "Juice",
        {"outcome": "rocks", "c": "orange", "s": "firmly"},
    ),
    ("A glass of red juice is NOT pushed.", "Juice", {"outcome": "stands", "c": "red"}),
    ("Nobody touches the glass of green juice; it just stands there.", "Juice", {"outcome": "stands", "c": "green"}),
    ("purple juice spills", "Juice", {"outcome": "tips", "c": "purple"}),
    (
        "A glass isn't tipped over though it is pushed; the juice is blue.",
        "Juice",
        {"outcome": ("rocks", "slides"), "c": "blue"},
    ),
    (
        "The orange juice pours out after the glass begins to tip at 0.7 s.",
        "Juice",
        {"outcome": "tips", "c": "orange", "at": ("tipping", 0.7)},
    ),
    ("一杯红色的果汁被轻轻碰了一下，没有倒。", "Juice", {"outcome": ("rocks", "slides"), "c": "red", "s": "gently"}),
    ("蓝色果汁洒了一桌子", "Juice", {"outcome": "tips", "c": "blue"}),
    ("没有人推那杯绿色果汁", "Juice", {"outcome": "stands", "c": "green"}),
    ("用力一推，装着橙色果汁的杯子翻了", "Juice", {"outcome": "tips", "c": "orange", "s": "firmly"}),
    # Collision: binding
    ("A slow red ball meets a fast blue one.", "Collision", {"things": ("slow red", "fast blue")}),
    ("A fast red ball meets a slow blue one.", "Collision", {"things": ("fast red", "slow blue")}),
    ("A large green ball bumps into a little yellow ball.", "Collision", {"things": ("big green", "small yellow")}),
    ("A large yellow ball bumps into a little green ball.", "Collision", {"things": ("big yellow", "small green")}),
    (
        "From the left comes a purple ball, from the right an orange one, and they crash.",
        "Collision",
        {"first": "purple", "things": ("purple", "orange")},
    ),
    (
        "From the left comes an orange ball, from the right a purple one, and they crash.",
        "Collision",
        {"first": "orange", "things": ("purple", "orange")},
    ),
    (
        "The green ball is thrown back by the yellow one, which keeps rolling.",
        "Collision",
        {"back": "green", "things": ("green", "yellow")},
    ),
    (
        "Two balls, one big and blue, the other small and orange, hit each other and both rebound.",
        "Collision",
        {"things": ("big blue", "small orange"), "end": "both bounce back"},
    ),
    (
        "A tiny purple ball rolling quickly collides with a big red ball.",
        "Collision",
        {"things": ("small fast purple", "big red")},
    ),
    (
        "A blue ball and a green ball touch after 0.9 seconds.",
        "Collision",
        {"things": ("blue", "green"), "at": ("contact", 0.9)},
    ),
    ("一个慢慢滚动的绿球撞上一个滚得很快的紫球", "Collision", {"things": ("slow green", "fast purple")}),
    ("一个快速滚动的绿球撞上一个滚得很慢的紫球", "Collision", {"things": ("fast green", "slow purple")}),
    ("左边来的蓝球和右边来的橙球相撞", "Collision", {"first": "blue", "things": ("blue", "orange")}),
    (
        "大红球和小黄球撞在一起，都弹回去了",
        "Collision",
        {"things": ("big red", "small yellow"), "end": "both bounce back"},
    ),
    # Puppies: number, coats
    ("Three puppies are playing on the lawn.", "Puppies", {"m": "three"}),
    ("4 little dogs run after a red ball", "Puppies", {"m": "four"}),
    (
        "four pups: two of them brown, the others black and white",
        "Puppies",
        {"m": "four", "coats": ("brown", "black", "white")},
    ),
    (
        "Three dogs tumble in the grass, a black one, a white one and a golden one.",
        "Puppies",
        {"m": "three", "coats": ("black", "white", "golden")},
    ),
    ("Four puppies in the meadow, none of them white.", "Puppies", {"m": "four", "not": "white"}),
    ("Three puppies, no black one among them.", "Puppies", {"m": "three", "not": "black"}),
    (
        "A golden puppy disappears behind another and comes out again; there are four.",
        "Puppies",
        {"m": "four", "hidden": "golden"},
    ),
    ("三只小狗在草地上玩耍，其中一只是灰色的", "Puppies", {"m": "three", "coats": ("grey",)}),
    ("四只小狗追红球，没有棕色的", "Puppies", {"m": "four", "not": "brown"}),
    # Candles
    (
        "Somebody puffs hard from the left and all three purple candles go out.",
        "Candles",
        {"outcome": "all", "n": "three", "c": "purple", "s": "hard", "d": "left"},
    ),
    (
        "The breath is too weak: four purple candles keep burning.",
        "Candles",
        {"outcome": "none", "n": "four", "c": "purple"},
    ),
    (
        "Blown at from the right, the blue candles on the cake are extinguished.",
        "Candles",
        {"outcome": "all", "c": "blue", "d": "right"},
    ),
    ("Only some of the yellow candles are blown out.", "Candles", {"outcome": "some", "c": "yellow"}),
    ("Nobody blows at the candles.", "Candles", {"outcome": "still"}),
    (
        "Five purple candles are not blown out although someone blows.",
        "Candles",
        {"outcome": "none", "n": "five", "c": "purple"},
    ),
    ("有人从左边用力一吹，紫色的蜡烛都灭了", "Candles", {"outcome": "all", "c": "purple", "d": "left", "s": "firmly"}),
    ("蜡烛静静地燃着，没有人吹", "Candles", {"outcome": "still"}),
    ("三支蓝蜡烛没有被吹灭", "Candles", {"outcome": "none", "n": "three", "c": "blue"}),
    # Chair
    ("A blue chair drops and topples over.", "Chair", {"outcome": ("dropped", True), "c": "blue"}),
    (
        "A green chair is let go, lands on its feet and does not tip over.",
        "Chair",
        {"outcome": ("dropped", False), "c": "green"},
    ),
    ("Ropes hoist a purple chair off the floor.", "Chair", {"outcome": ("lifted", False), "c": "purple"}),
    ("A red chair is pulled out of the sand.", "Chair", {"outcome": ("dug", False), "c": "red"}),
    (
        "A shove makes the orange chair, which is propped on a block, fall backwards.",
        "Chair",
        {"outcome": ("propped", True), "c": "orange"},
    ),
    ("一把蓝色的椅子从高处掉下来摔倒了", "Chair", {"outcome": ("dropped", True), "c": "blue"}),
    ("绳子把一把绿色椅子从沙子里拔出来", "Chair", {"outcome": ("dug", False), "c": "green"}),
    # CoffeeCup
    ("Two small ships ram each other in a coffee cup.", "CoffeeCup", {"rams": True}),
    ("The boat with the red sails capsizes in the coffee.", "CoffeeCup", {"lost": "red"}),
    (
        "Two ships in a cup of coffee, red sails and white sails, do not hit each other.",
        "CoffeeCup",
        {"rams": False, "things": ("red", "white")},
    ),
    (
        "A ship with yellow sails and one with blue sails collide; neither sinks.",
        "CoffeeCup",
        {"rams": True, "count": 0, "things": ("yellow", "blue")},
    ),
    ("咖啡杯里两艘小船撞在一起，都没有翻", "CoffeeCup", {"rams": True, "count": 0}),
    # Heat, Planets, Snow, the Ant, Treadmill, WindTunnel
    (
        "A plate that is hottest on the left side and coldest at the top.",
        "Heat",
        {"h": "the left edge", "c": "the top edge"},
    ),
    (
        "A plate that is hottest at the top and coldest on the left side.",
        "Heat",
        {"h": "the top edge", "c": "the left edge"},
    ),
    ("A rocket gets away from a yellow star with three planets.", "Planets", {"outcome": "escape"}),
    (
        "Two planets circle a white star, which captures a rocket.",
        "Planets",
        {"outcome": "capture", "c": "white", "n": "Two planets go"},
    ),
    ("A fox jumps at a snow bank and breaks it.", "Snow", {"outcome": ("jump", True), "a": "fox"}),
    ("No avalanche comes down on the bear.", "Snow", {"outcome": ("avalanche", False), "a": "bear"}),
)

AFTER: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Red juice, a strong push, the glass tips.", "Juice", {"outcome": "tips", "c": "red", "s": "hard"}),
    (
        "Although it gets a firm shove, the glass with the green juice doesn't topple.",
        "Juice",
        {"outcome": ("rocks", "slides"), "c": "green", "s": "firmly"},
    ),
    (
        "Blue juice runs all over the table after the glass was knocked down by a hand.",
        "Juice",
        {"outcome": "tips", "c": "blue"},
    ),
    (
        "The glass of purple juice sways but comes to rest standing; nothing is spilled.",
        "Juice",
        {"outcome": "rocks", "c": "purple"},
    ),
    (
        "An orange drink is not spilled: someone only taps the glass.",
        "Juice",
        {"outcome": ("rocks", "slides"), "c": "orange"},
    ),
    (
        "The glass falls over at 0.9 s and red juice flows out.",
        "Juice",
        {"outcome": "tips", "c": "red", "at": ("tipping", 0.9)},
    ),
    ("杯子里的绿色果汁没有洒，杯子只是晃了一下", "Juice", {"outcome": "rocks", "c": "green"}),
    ("红色的果汁被打翻了", "Juice", {"outcome": "tips", "c": "red"}),
    ("有人猛地推了一下装橙色果汁的杯子，杯子倒了", "Juice", {"outcome": "tips", "c": "orange", "s": "hard"}),
    ("蓝色果汁的杯子被推了，可是没倒", "Juice", {"outcome": ("rocks", "slides"), "c": "blue"}),
    (
        "The yellow ball is big, the purple one is small; they run into each other.",
        "Collision",
        {"things": ("big yellow", "small purple")},
    ),
    (
        "The purple ball is big, the yellow one is small; they run into each other.",
        "Collision",
        {"things": ("small yellow", "big purple")},
    ),
    (
        "Rolling slowly, a green ball is hit by a rapid orange ball.",
        "Collision",
        {"things": ("slow green", "fast orange")},
    ),
    (
        "Rolling slowly, an orange ball is hit by a rapid green ball.",
        "Collision",
        {"things": ("fast green", "slow orange")},
    ),
    (
        "A red ball on the left and a green ball on the right bang together.",
        "Collision",
        {"first": "red", "things": ("red", "green")},
    ),
    (
        "A green ball on the left and a red ball on the right bang together.",
        "Collision",
        {"first": "green", "things": ("red", "green")},
    ),
    (
        "After the crash the orange ball rebounds while the blue ball rolls on.",
        "Collision",
        {"back": "orange", "things": ("blue", "orange")},
    ),
    ("A big blue ball and a big green ball strike each other.", "Collision", {"things": ("big blue", "big green")}),
    (
        "A ball that is small and red collides with a ball that is big and green.",
        "Collision",
        {"things": ("small red", "big green")},
    ),
    (
        "A fast small yellow ball against a slow big blue ball.",
        "Collision",
        {"things": ("fast small yellow", "slow big blue")},
    ),
    ("左边的紫球和右边的黄球撞到一起", "Collision", {"first": "purple", "things": ("purple", "yellow")}),
    ("左边的黄球和右边的紫球撞到一起", "Collision", {"first": "yellow", "things": ("purple", "yellow")}),
    ("很快的小蓝球碰上很慢的大绿球", "Collision", {"things": ("fast small blue", "slow big green")}),
    ("Three young dogs: white, grey and black.", "Puppies", {"m": "three", "coats": ("white", "grey", "black")}),
    ("There are four dogs on the grass, and not one of them is grey.", "Puppies", {"m": "four", "not": "grey"}),
    ("3 puppies without a golden one", "Puppies", {"m": "three", "not": "golden"}),
    (
        "A grey, a white, a brown and a golden puppy frolic on a meadow.",
        "Puppies",
        {"m": "four", "coats": ("grey", "white", "brown", "golden")},
    ),
    ("The white puppy is hidden by another one for a while.", "Puppies", {"hidden": "white"}),
    ("四只小狗，有黑的也有金色的", "Puppies", {"m": "four", "coats": ("black", "golden")}),
    ("三只狗，一只白，一只棕，没有黑的", "Puppies", {"m": "three", "coats": ("white", "brown"), "not": "black"}),
    (
        "With one hard breath from the right every blue candle is snuffed.",
        "Candles",
        {"outcome": "all", "c": "blue", "d": "right", "s": "hard"},
    ),
    (
        "Two purple candles flicker in a gentle breath, yet they don't go out.",
        "Candles",
        {"outcome": "none", "n": "two", "c": "purple", "s": "gently"},
    ),
    ("Someone blows from the left at green candles; not all go out.", "Candles", {"outcome": "some", "c": "green"}),
    ("A cake with five yellow candles, all blown out.", "Candles", {"outcome": "all", "n": "five", "c": "yellow"}),
    ("两支紫色蜡烛被从右边吹灭了", "Candles", {"outcome": "all", "n": "two", "c": "purple", "d": "right"}),
    ("风太小，四支蓝色蜡烛还在燃烧", "Candles", {"outcome": "none", "n": "four", "c": "blue"}),
    ("The purple chair is dropped but does not fall over.", "Chair", {"outcome": ("dropped", False), "c": "purple"}),
    ("A hand tips an orange chair off its block.", "Chair", {"outcome": ("propped", True), "c": "orange"}),
    ("Two ropes raise a blue chair.", "Chair", {"outcome": ("lifted", False), "c": "blue"}),
    ("一把紫色椅子被绳子吊了起来", "Chair", {"outcome": ("lifted", False), "c": "purple"}),
    ("Toy boats miss each other in the coffee.", "CoffeeCup", {"rams": False}),
    (
        "In the cup the boat with blue sails turns over, the one with red sails does not.",
        "CoffeeCup",
        {"lost": "blue", "things": ("red", "blue")},
    ),
    ("挂红帆和白帆的两艘船没有撞上", "CoffeeCup", {"rams": False, "things": ("red", "white")}),
    (
        "The plate is heated at the bottom and cooled at the right.",
        "Heat",
        {"h": "the bottom edge", "c": "the right edge"},
    ),
    (
        "The plate is heated at the right and cooled at the bottom.",
        "Heat",
        {"h": "the right edge", "c": "the bottom edge"},
    ),
    (
        "One planet and a rocket that is not captured by an orange star.",
        "Planets",
        {"outcome": ("flyby", "escape", "orbits"), "n": "One planet goes", "c": "orange"},
    ),
    ("A penguin crashes into a snow wall that does not break.", "Snow", {"outcome": ("jump", False), "a": "penguin"}),
    ("一只狐狸撞破了雪墙", "Snow", {"outcome": ("jump", True), "a": "fox"}),
)
FOREIGN = (
    "A violin concerto in the rain",
    "A spaceship lands on the moon",
    "小提琴协奏曲",
    "An elephant paints a portrait",
    "A man rides a bicycle through Paris",
    "Waves break on a beach at sunset",
    "A knight fights a dragon",
    "一辆汽车在雨中行驶",
    "A flower opens",
    "The zeppelin quasar",
    "Popcorn explodes in a pan",
    "厨师在切洋葱",
)
IMPOSSIBLE = (
    ("Three puppies become four.", "Puppies"),
    ("A glass of red juice and three puppies.", ""),
    ("Seven puppies romp over the grass.", "Puppies"),
    ("A pink ball meets a black ball.", "Collision"),
    ("A glass of transparent juice tips over.", "Juice"),
    ("十只小狗", "Puppies"),
    ("The chair blows out the candles.", ""),
    ("A blue fox jumps through deep snow at 0.05 s.", "Snow"),
)
