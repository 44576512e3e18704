"""Nouns for kinds of things, by how fit they are to be asked for; read by kinds.py. Words only, no logic."""

from __future__ import annotations

# Kinds that are right and say little, or mislead: any other that the page itself has is better.
WEAK = frozenset(
    "satellite state nation area object body system structure work organization organisation event group spaceflight unit entity "
    "part place settlement person people human biography water activity thing basis region landmass landform feature uk "
    "location item".split()
)
# Of these the ones for which a category's or a title's word is taken rather.
EMPTY = frozenset(
    "body place settlement person people human biography water activity thing basis object part entity feature uk "
    "location item".split()
)
# What a plural name is called as a whole.
WHOLES = {
    "mountains": "mountain range", "alps": "mountain range", "hills": "hill range", "islands": "archipelago",
    "isles": "archipelago",
}  # fmt: skip
# Nouns that may be asked for though one page only states them; others of one page are rather no kind at all.
COMMON = frozenset(
    (
        "person man woman king queen emperor empress prince princess duke lord lady noble nobleman knight monarch ruler "
        "president minister politician senator mayor governor judge lawyer diplomat general admiral officer soldier warrior "
        "samurai warlord commander pilot astronaut sailor explorer navigator traveller engineer inventor architect designer "
        "developer programmer scientist physicist chemist astronomer mathematician biologist botanist zoologist geologist "
        "geographer historian archaeologist linguist economist philosopher theologian physician surgeon doctor nurse teacher "
        "professor scholar academic writer author poet novelist playwright journalist editor publisher critic translator "
        "artist painter sculptor illustrator photographer composer musician singer pianist guitarist conductor dancer actor "
        "actress director producer comedian model athlete footballer player coach manager wrestler boxer swimmer cyclist "
        "driver priest monk nun bishop pope saint prophet missionary god goddess deity spirit demon hero heroine character "
        "merchant banker businessman businesswoman entrepreneur farmer craftsman swordsmith employee consultant analyst "
        "accountant clerk secretary founder activist criminal pirate country state kingdom empire republic province "
        "prefecture county district region city town village hamlet suburb borough municipality neighbourhood neighborhood "
        "capital port colony territory island archipelago peninsula continent mountain hill volcano peak range plateau valley "
        "canyon desert forest wood jungle lake lagoon pond river stream creek waterfall spring sea ocean bay gulf strait cape "
        "coast beach glacier cave field plain park garden reserve reef crater building house palace castle fort fortress "
        "temple shrine church cathedral chapel monastery abbey mosque synagogue tomb tower bridge tunnel dam canal road "
        "street square station airport harbour harbor lighthouse hospital school college university academy library museum "
        "gallery theatre theater cinema stadium arena hotel restaurant shop market mall factory mill mine prison barracks "
        "observatory laboratory institute office headquarters warehouse monument memorial statue fountain gate wall company "
        "corporation firm bank business brand agency ministry department division team club party union society association "
        "federation league foundation institution committee council court army navy regiment squadron band orchestra choir "
        "family clan tribe dynasty order religion sect cult movement war battle siege revolution rebellion uprising treaty "
        "law act constitution election referendum festival holiday ceremony ritual conference exhibition competition "
        "tournament race match game championship expedition voyage mission accident disaster earthquake storm hurricane fire "
        "flood famine epidemic incident outage project program programme campaign experiment book novel story poem play essay "
        "magazine newspaper journal dictionary encyclopedia chronicle manuscript scripture text letter speech film movie "
        "series episode show song album single opera symphony musical painting drawing sculpture photograph map dance style "
        "genre language dialect alphabet script word symbol number theorem theory concept method technique process algorithm "
        "science discipline art sport planet moon star comet asteroid galaxy nebula constellation satellite spacecraft probe "
        "orbiter lander rover telescope rocket element mineral metal rock gem compound acid gas drug medicine disease virus "
        "bacterium cell organ bone animal mammal bird fish insect reptile snake frog dinosaur plant tree flower fruit "
        "vegetable grass fungus species genus breed dog cat horse ship boat submarine aircraft airplane helicopter car "
        "automobile train tram locomotive bus truck bicycle motorcycle engine machine device instrument tool weapon sword gun "
        "rifle cannon bomb missile tank computer server network protocol software service platform application database "
        "website framework console processor camera phone robot food dish drink wine beer cheese bread cake candy dessert "
        "sauce dress garment hat mirror bell drum gong altar palanquin flag coin currency stamp medal award prize title rank "
        "customer product contract policy procedure meeting railway line route highway pass trail tea colour color material "
        "fabric toy creature monster enemy boss faction guild spell skill ability potion armor armour quest race robot droid "
        "starship"
    ).split()
)
