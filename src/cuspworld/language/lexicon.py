"""Words of one meaning, English and Chinese: what a text is about whatever it calls it.

A line a meaning: its name, other English words and phrases for it, and Chinese ones after a bar. Everyday things, their
looks and what happens to them; words that no line has mean themselves, in every inflection. `BOTH` are phrases of
several meanings at once, what comes of it last; `EITHER` are words of several meanings of which any may be meant. What
ends in one of `OPPOSITES` does not end in the other.
"""

from __future__ import annotations

_COLOURS = """
red: scarlet, crimson | 红色, 红
green: emerald | 绿色, 绿
blue: azure | 蓝色, 蓝
yellow: | 黄色, 黄
orange: | 橙色, 橙, 橘色
purple: violet, lilac | 紫色, 紫
white: | 白色, 白
black: | 黑色, 黑
brown: chocolate | 棕色, 棕, 褐色, 咖啡色
golden: gold, blond | 金色, 金黄色
grey: gray | 灰色, 灰
pink: | 粉色, 粉红色
"""
_SIZES = """
big: large, huge, great, giant | 大, 大大, 巨大
small: little, tiny, toy, miniature | 小, 小小
"""
_SPEEDS = """
fast: quick, quickly, rapid, rapidly, swift, swiftly, at high speed | 快速, 很快, 飞快, 快快, 快
slow: slowly, at low speed | 缓慢, 很慢, 慢慢, 慢
medium: at medium speed, moderate, moderately | 中等速度, 中速
"""
_STRENGTHS = """
gently: gentle, lightly, softly, a little push, slight, slightly | 轻轻, 轻, 微微
firmly: with some force | 用力, 使劲
hard: strong, strongly, violent, violently, forcefully, with great force, mightily | 猛力, 猛, 狠狠, 猛烈
"""
_SIDES = """
left: leftmost, left hand | 左边, 左侧, 左, 左方
right: rightmost, right hand | 右边, 右侧, 右, 右方
top: upper | 上边, 上侧, 顶部, 顶边
bottom: lower | 下边, 下侧, 底边, 底部
"""
_QUALITIES = """
hot: hottest, heated, warm, heat | 最热, 热, 加热
cold: coldest, cooled, cool | 最冷, 冷, 冷却
soft: loose | 松软
firm: solid | 结实
steady: settled, unchanged, steadily | 稳定, 不再变化, 匀速
slippery: smooth, icy | 光滑, 打滑的
"""
_SHARES = """
all: every, both, completely | 全部, 全都, 全, 都
some: others, the rest, partly, not all, a few, only some | 其余, 部分, 有些, 有的, 没有全部
"""
_THINGS = """
ball: | 球, 小球
glass: tumbler, beaker, drinking glass | 杯子, 杯, 玻璃杯
juice: | 果汁
table: desk, tabletop | 桌子, 桌面, 桌
hand: | 手
puppy: pup, dog, doggy, little dog, small dog | 小狗, 狗
candle: | 蜡烛
flame: fire | 火焰, 火苗
cake: | 蛋糕
person: someone, somebody, anyone, anybody, face, man, woman, child, people | 有人, 人
chair: | 椅子, 椅
rope: cord | 绳子, 绳
sand: | 沙子, 沙
block: stone | 石块
floor: ground | 地上, 地面
ship: boat, vessel | 船, 小船
sail: | 帆
coffee: | 咖啡
cup: mug, coffee cup, cup of coffee | 咖啡杯
plate: | 金属板, 板
edge: side, border | 边, 边缘
star: sun | 恒星
planet: | 行星
rocket: spaceship, spacecraft | 火箭, 飞船
snow: | 雪, 积雪
bank: wall, snow bank | 雪墙
lump: | 雪团, 雪块
slope: hillside | 斜坡, 陡坡, 雪坡, 坡
fox: | 狐狸
bear: | 小熊, 熊
penguin: | 企鹅
rabbit: bunny, hare | 兔子
cat: | 小猫, 猫
ant: | 蚂蚁
plank: board | 木板
treadmill: | 跑步机
belt: | 传送带
wind: | 风
tunnel: wind tunnel | 风洞
smoke: | 烟, 烟线, 青烟
vortex: vortices, whirl, eddy, whirlpool, swirl | 旋涡, 漩涡
grass: lawn, meadow | 草地, 草
wave: | 波浪, 浪
"""
_EVENTS = """
push: shove, poke, press | 推动, 推, 推了
overturn: tip, tip over, topple, topple over, fall over, keel over, turn over, capsize, knock down, sink,
  upset | 翻倒, 翻, 倒, 摔倒, 倾覆, 翻倒了, 沉, 倾倒
spill: pour, pour out, splash, splash out, puddle, flow out, run out | 洒, 洒出, 洒了, 流了, 流出, 溅出, 倾泻
rock: wobble, sway, totter, teeter | 晃, 晃了晃, 摇晃, 晃动, 摇曳
stand: upright, remain standing, stay standing, keep standing, stand up, settle |
  站稳, 直立, 站住, 站着, 站, 竖立, 立着
motionless: stay where it is, stay where it was, stay put, not move, lie still | 不动, 一动不动
nothing happens: nothing changes | 什么也没有发生, 没有变化, 什么都没发生
slide: glide, skid, slip, lose its footing | 滑动, 滑, 打滑, 滑下
collide: collision, bump, crash, meet, strike, contact, ram, smash, bang |
  相撞, 撞上, 撞在, 撞, 相碰, 遇上, 撞击, 碰撞
rebound: bounce, bounce back, bounce off, knock back, throw back, spring back, fly back, turn back |
  弹回, 弹了回去, 弹开, 反弹, 被弹回, 弹
continue: roll on, go on, keep roll, walk on, keep go, keep walk, move on, carry on | 继续, 继续前进
together: stick | 一起
roll: | 滚动, 滚, 滚来
throw: toss | 抛
fall: drop, fall down, plunge | 落下, 掉, 落, 落在, 掉下, 坠落, 坠入
let go: release, let loose | 松开, 松脱, 放开
land: | 落地, 着地
lift: hoist, raise, pull up, rise, heave | 吊起, 升起, 吊离, 提起, 吊
hang: dangle | 悬, 挂, 悬挂
dig: dig out, unearth, pull out, out of the sand, pull from | 挖出, 拔出, 拉出, 出土, 拔
prop: lean against | 搁
blow: puff, breath, breathe | 吹气, 吹, 一吹
extinguish: go out, put out, die out, snuff, blow-out | 熄灭, 灭, 灭了
burn: glow, lit, alight, shine | 燃烧, 燃着, 燃, 点着
romp: play, frolic, tumble, run about, run | 嬉戏, 玩耍, 奔跑, 玩, 跑
chase: run after, follow, pursue | 追逐, 追
occlude: hide, behind, disappear, cover | 挡住, 身后, 后面
reappear: come out again, come back, appear again | 重新出现, 又出现
kick: | 一击, 踢
orbit: circle, go round, revolve, travel round | 绕, 运行, 绕着, 轨道
escape: get away, fly away, break free, leave for good, flee | 逃离, 飞走, 逃脱
capture: catch, keep it bound, trap | 俘获, 捕获
brake: slow down | 减速
fire: ignite, burn its engine, engine | 点火
avalanche: slide down as an avalanche | 雪崩
crumble: burst, break, break to pieces, shatter, fall apart, break through, smash up | 碎裂, 碎成, 撞破, 摔碎, 碎, 破
resist: stay whole, remain whole, hold together, below it hold, stay in one piece, stop by | 稳住, 稳住了, 完好
jump: leap, hop, spring | 跃起, 跳, 跳进, 起跳
walk: climb, crawl, march | 爬行, 走, 爬
trot: jog | 小跑
swing: shed, oscillate | 脱落, 摆动
carry off: carry away, swept off | 带走, 带下, 被带
"""
BOTH = {
    "nudge": "push gently", "tap": "push gently", "knock over": "push overturn", "push over": "push overturn",
    "blow out": "blow extinguish", "吹灭": "blow extinguish", "推倒": "push overturn", "橙汁": "orange juice",
    "撞翻": "collide overturn", "burn on": "burn !extinguish", "keep burn": "burn !extinguish",
    "burn on a": "burn", "burn on the": "burn", "put a flame out": "extinguish", "put any flame out": "extinguish",
    "lean and stand up": "burn !extinguish", "flame out": "flame extinguish", "candle out": "candle extinguish",
    "stay lit": "burn !extinguish", "keep alight": "burn !extinguish", "继续燃烧": "burn !extinguish",
    "afloat": "!overturn", "stay upright": "stand !overturn", "remain upright": "stand !overturn",
    "keep its place": "!carry off", "hold firm": "resist !crumble",
    "too firm to break": "firm resist !crumble", "太结实": "firm resist",
    "bank hold": "bank resist", "wall hold": "bank resist",
    "snow hold": "snow resist", "slope hold": "slope resist", "lump hold": "lump resist",
    "重心没有越过": "!overturn",
}  # fmt: skip
EITHER = {
    "touch": "push collide", "碰": "push collide", "hit": "collide push", "knock": "push collide",
    "fall": "fall overturn",
    "falls into": "fall", "impact": "collide", "give way": "crumble avalanche",
}  # fmt: skip
OPPOSITES = (
    ("stand", "overturn"),
    ("rock", "overturn"),
    ("resist", "crumble"),
    ("resist", "avalanche"),
)  # what tells the second ends in it, what tells the first alone in the first
ANIMALS = ("fox", "bear", "penguin", "rabbit", "cat", "puppy")  # a clip that tells of one shows none of the others
NEGATIONS = frozenset(
    ["not", "no", "never", "without", "nobody", "nothing", "none", "neither", "nor", "没有", "没", "不", "未", "无",
     "没有人", "没人", "不是", "并非", "hardly"]
)  # fmt: skip
UNITS = {"s": "s", "second": "s", "sec": "s", "秒": "s", "degree": "degrees", "度": "degrees", "cm": "cm", "厘米": "cm"}
KINDS = {  # kind -> lines
    "colour": _COLOURS, "size": _SIZES, "speed": _SPEEDS, "strength": _STRENGTHS, "side": _SIDES, "share": _SHARES,
    "quality": _QUALITIES, "thing": _THINGS, "event": _EVENTS,
}  # fmt: skip
