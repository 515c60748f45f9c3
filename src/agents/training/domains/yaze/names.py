"""Names of an invented game: places, creatures, things, tunes, labels and lines of dialogue, all of our own making.

Owns the words. Never knows addresses or numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random


def several(text: str) -> list[str]:
    """Return the names in ``text``, which semicolons separate."""
    return text.split(";")


_HEADS = several(
    "Marrow;Thorn;Cinder;Lantern;Hollow;Saffron;Pewter;Bramble;Osprey;Gallow;Tallow;Wicker;Heron;"
    "Slate;Umber;Rook;Quill;Copper;Fennel;Sable;Drift;Juniper;Mica;Kestrel;Barley;Flint;Onyx;"
    "Sorrel;Tansy;Willow;Bracken;Amber;Cobalt;Ferrow"
)
_LANDS = several("Fen;Moor;Cove;Pass;Orchard;Ridge;Hamlet;Shore;Marsh;Bluff;Copse;Quarry;Meadow;Landing;Steps;Crossing")
_HALLS = several("Vault;Stair;Keep;Cistern;Sanctum;Mine;Spire;Warren;Crypt;Foundry;Archive;Tower")
_CHAMBERS = several(
    "Gallery;Antechamber;Pump Room;Bell Chamber;Ledge;Guardroom;Bridge;Library;Well;Kiln;Store;"
    "Crossing;Pit;Lift Shaft;Mirror Hall;Furnace;Treasury;Trial Room"
)
_CREATURES = several(
    "Mossback;Lantern Bat;Gear Crab;Ash Weevil;Bog Archer;Tin Knight;Reed Lurker;Ember Moth;Stone Hopper;"
    "Salt Leech;Bell Ghost;Thorn Roller;Pike Soldier;Dust Devil;Glass Beetle;Cave Ferret;Rust Golem;"
    "Marsh Toad;Kite Mage;Drum Imp;Sand Eel;Frost Mole;Wax Sentry;Owl Scout;Barrel Mimic;Cinder Hound;"
    "Rope Snake;Puddle Slime"
)
_THINGS = several(
    "Bog Lantern;Small Key;Vault Key;20 Coins;50 Coins;Reed Flute;Iron Boots;Heart Shard;Grapple Hook;"
    "Tide Amulet;Map Scroll;Compass;Spark Rod;5 Bombs;10 Arrows;Feather Cape;Stone Mallet;Glass Vial;"
    "Ember Ring;Mirror Charm"
)
_TUNES = several(
    "Harvest Road;Low Tide;The Long Stair;Embers;Quiet Water;Market Day;Below the Roots;Iron March;Nightwatch;Last Lamp"
)
_PROJECTS = several(
    "Oath of {0};The {0} Relay;{0} Redux;Tales of {0};{0} and the Nine Bells;Shards of {0};The Lost {0};{0} Remixed"
)
_SYSTEMS = several(
    "Player;Sprite;Camera;Hud;Menu;Door;Palette;Dialogue;Room;Sound;Shop;Save;Chest;Warp;Boss;Timer;Water"
)
_DOINGS = several(
    "HandleDash;CheckHit;DrawShadow;LoadTable;UpdateTimer;SpawnDrop;FadeOut;Advance;ClampSpeed;"
    "ApplyKnockback;ReadPad;CountDown;FindSlot;Reset;CopyToBuffer;ScrollStep;OpenGate;SetState;Blink;"
    "Refill"
)
_VARIABLES = several("Timer;State;Speed;Health;Coins;Flags;Mode;Index;Frame;Depth;Keys;Facing")
_SPEAKERS = several(
    "old ferryman;miller;bell ringer;smith;shepherd;librarian;toll keeper;gardener;sailor;fortune teller"
)
_LINES = (
    "The {thing} was last seen near {place}.",
    "Careful! The {creature} sleeps below the {chamber}.",
    "Bring me the {thing} and I will open the gate to {place}.",
    "Welcome to {place}. Mind the {creature}.",
    "You found the {thing}! It hums softly.",
    "They say the road to {place} is flooded again.",
    "Only {count} coins for the {thing}. A bargain!",
    "The {chamber} is locked. Ask the {speaker}.",
    "Nobody has come back from {place} in {count} years.",
    "My lamp went out in the {chamber}. Have you got the {thing}?",
    "The {speaker} told you? Then it must be true.",
    "Push the statue {count} steps and the {chamber} opens.",
)


def land(rng: Random) -> str:
    """Return the name of a place under the sky."""
    return f"{rng.choice(_HEADS)} {rng.choice(_LANDS)}"


def dungeon(rng: Random) -> str:
    """Return the name of a dungeon."""
    return f"{rng.choice(_HEADS)} {rng.choice(_HALLS)}"


def chamber(rng: Random) -> str:
    """Return the name of a room."""
    return f"{rng.choice(_HEADS)} {rng.choice(_CHAMBERS)}"


def creatures(rng: Random, count: int) -> list[str]:
    """Return ``count`` (at most 28) different creatures."""
    return rng.sample(_CREATURES, count)


def things(rng: Random, count: int) -> list[str]:
    """Return ``count`` (at most 20) different things that a chest may hold."""
    return rng.sample(_THINGS, count)


def tunes(rng: Random, count: int) -> list[str]:
    """Return ``count`` (at most 10) different pieces of music."""
    return rng.sample(_TUNES, count)


def project(rng: Random) -> str:
    """Return the title of a project."""
    return rng.choice(_PROJECTS).format(rng.choice(_HEADS))


def routine(rng: Random) -> str:
    """Return a label of code, such as ``Camera_ClampSpeed``."""
    return f"{rng.choice(_SYSTEMS)}_{rng.choice(_DOINGS)}"


def variable(rng: Random) -> str:
    """Return a label of work RAM, such as ``wPlayerTimer``."""
    return f"w{rng.choice(_SYSTEMS)}{rng.choice(_VARIABLES)}"


def line(rng: Random) -> str:
    """Return a line of dialogue."""
    return rng.choice(_LINES).format(
        thing=rng.choice([thing for thing in _THINGS if not thing[0].isdigit()]),
        place=land(rng),
        creature=rng.choice(_CREATURES),
        chamber=chamber(rng),
        speaker=rng.choice(_SPEAKERS),
        count=rng.randint(2, 40),
    )


def fresh(rng: Random, make: Callable[[Random], str], count: int) -> list[str]:
    """Return ``count`` different names made by ``make``."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[make(rng)] = None
    return list(found)
