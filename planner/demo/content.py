"""What the invented group says: people, channels, campaigns and assets. Days count from today; negative ones are past."""

from __future__ import annotations

from dataclasses import dataclass, field

from planner.accounts.models import RoleName
from planner.channels.port import Platform

__all__ = ["ASSETS", "CAMPAIGNS", "CHANNELS", "CORRECTION", "PEOPLE", "SOON", "Campaign", "Piece", "Said"]

SITE = "https://www.norvane.example"


#: An hour that means “a quarter of an hour from now”: something to watch going out.
SOON = -1


@dataclass(frozen=True, slots=True)
class Said:
    """One post: channel key, day from today, local hour, text, how far it got (`missed`: the planner was down then), and whether it says
    what the first one about the asset on that channel said in other words, to be compared with it."""

    channel: str
    day: int
    hour: float
    text: str
    state: str = "scheduled"
    variant: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """One asset and the posts about it. `embargo_day` and `embargo_terms` only where there is one."""

    key: str
    kind: str
    title: str
    summary: str
    language: str = "en"
    audiences: tuple[str, ...] = ()
    purpose: str = "web"
    cost: int | None = None
    state: str = "live"
    campaign: str | None = None
    topics: tuple[str, ...] = ()
    owner: str = "claire"
    seconds: int | None = None
    embargo_day: int | None = None
    embargo_terms: tuple[str, ...] = ()
    confidentiality: str = "public"
    sensitive: bool = False
    posts: tuple[Said, ...] = field(default=())

    @property
    def url(self) -> str:
        section = {"video": "videos", "press_release": "news", "white_paper": "papers", "blog_post": "blog"}.get(self.kind, "library")
        return f"{SITE}/{section}/{self.key}"


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign with its first and last day."""

    key: str
    name: str
    summary: str
    first: int
    last: int


PEOPLE = (
    ("claire", "Claire Aubrac", (RoleName.PLANNER,)),
    ("yann", "Yann Kerdoncuff", (RoleName.AUTHOR,)),
    ("sofia", "Sofia Lindqvist", (RoleName.APPROVER,)),
    ("marc", "Marc Delvaux", (RoleName.LEGAL, RoleName.APPROVER)),
)

#: Of which asset a live post is to be corrected: what it says, and what it would say.
CORRECTION = ("edge-paper", "comes with the calculator, so", "comes with the calculator, now with leased sites, so")

#: key -> platform, name, flavour.
CHANNELS: dict[str, tuple[Platform, str, str]] = {
    "yt": (Platform.YOUTUBE, "Norvane TV", ""),
    "li": (Platform.LINKEDIN, "Norvane Group", ""),
    "x": (Platform.X, "@norvane_group", ""),
    "press": (Platform.X, "@norvane_press", ""),
    "team": (Platform.WEBHOOK, "Town square (Mattermost)", "mattermost"),
    "hand": (Platform.BY_HAND, "Partner newsletter", ""),
}

CAMPAIGNS = (
    Campaign("p5g", "Private 5G for ports", "Three ports, one network: the customer story of the year.", -62, -30),
    Campaign("edge", "Edge launch", "Norvane Edge: computing next to the antenna. Release, film, paper and a month of proof.", -24, 20),
    Campaign("mwc", "Telecom Forum, Lisbon", "Booth, two talks and a demo of the self-healing core.", -10, 24),
)

ASSETS: tuple[Piece, ...] = (
    Piece(
        "three-ports-one-network", "video", "Three ports, one private 5G network",
        "Crane drivers, a harbour master and a network engineer tell how 4,000 containers a day stopped waiting for Wi-Fi.",
        audiences=("customers", "journalists"), cost=18500, campaign="p5g", topics=("Private 5G", "Ports"), seconds=252,
        posts=(
            Said("yt", -60, 10, "4,000 containers a day, and no more waiting for Wi-Fi. Crane drivers, a harbour master and a network engineer tell how three ports came to share one private 5G network."),
            Said("li", -60, 11, "“The network used to stop at the water’s edge.”\n\nThree ports. One private 5G network. 4,000 containers a day that no longer wait for Wi-Fi. Watch the people who run the cranes explain what changed for them, and what did not. #Private5G #Ports"),
            Said("x", -60, 12, "The network used to stop at the water’s edge. Three ports, one private 5G network, and the crane drivers who tell what changed."),
            Said("x", -41, 9, "How do you hand a crane over from one cell to the next at 20 metres above the water? Minute 2:10 of our ports film."),
        ),
    ),
    Piece(
        "private-5g-ports-release", "press_release", "Norvane and the Channel Ports Alliance put private 5G into service",
        "First shared private 5G network across three commercial ports.",
        audiences=("journalists", "analysts"), campaign="p5g", topics=("Private 5G", "Ports"), owner="yann",
        posts=(
            Said("press", -61, 8.5, "Norvane and the Channel Ports Alliance put the first shared private 5G network for three commercial ports into service today."),
            Said("li", -61, 9, "Today the first private 5G network shared by three commercial ports goes into service. Our release has the figures: coverage, latency at the quay, and what it replaced. #Private5G"),
            Said("team", -61, 9.25, "The ports release is out. The three sentences worth knowing are in the first paragraph; please share in your own words."),
        ),
    ),
    Piece(
        "latency-at-the-quay", "technical_article", "What 11 milliseconds buy you at the quay",
        "Measurements from six weeks of crane control over 5G, with the raw distribution.",
        audiences=("experts", "analysts"), cost=2200, campaign="p5g", topics=("Private 5G", "Latency"), owner="yann",
        posts=(
            Said("x", -55, 14, "Six weeks of crane control over 5G: median latency 11 ms, and what happened in the worst 0.1 %. The whole distribution, not just the mean."),
            Said("li", -54, 10, "Averages hide the bad day. We publish the whole latency distribution of six weeks of crane control over private 5G, including the afternoon it went wrong and why. #Latency #Private5G"),
        ),
    ),
    Piece(
        "le-port-sans-attente", "blog_post", "Le port sans attente : ce que la 5G privée change pour un grutier",
        "Un reportage de nuit au terminal, avec celles et ceux qui déchargent.",
        language="fr", audiences=("customers", "employees"), campaign="p5g", topics=("Ports",), owner="yann",
        posts=(
            Said("li", -48, 9, "Une nuit au terminal, avec celles et ceux qui déchargent. Ce que la 5G privée change pour un grutier : moins d’attente, moins d’allers-retours, et une radio qui ne coupe plus. #5G #Ports"),
            Said("x", -47, 10, "Une nuit au terminal : ce que la 5G privée change vraiment pour un grutier. Reportage."),
        ),
    ),
    Piece(
        "private-5g-buyers-guide", "white_paper", "Private 5G: a buyer’s guide for industrial sites",
        "Spectrum, sizing, who runs it, and eleven questions to ask any vendor (us included).",
        audiences=("customers", "analysts"), cost=9800, campaign="p5g", topics=("Private 5G",),
        posts=(
            Said("li", -44, 8.5, "Eleven questions to ask any private 5G vendor, us included. Our buyer’s guide covers spectrum, sizing and, above all, who runs the network on a Sunday night. #Private5G"),
            Said("x", -44, 11, "Eleven questions to ask any private 5G vendor. Us included."),
            Said("x", -20, 9.5, "Who runs your private network on a Sunday night? Question 7 of our buyer’s guide is the one most tenders forget.", variant=True),
            Said("hand", -43, 9, "New this month: a buyer’s guide to private 5G for industrial sites, with eleven questions to ask any vendor."),
        ),
    ),
    Piece(
        "women-of-the-noc", "video", "Night shift: the women who watch the network",
        "Four engineers, one control room, 3 a.m.",
        audiences=("employees", "general_public"), cost=12400, topics=("People",), seconds=318,
        posts=(
            Said("yt", -52, 17, "3 a.m. in the control room. Four engineers talk about the alarms that matter, the ones that do not, and the silence in between."),
            Said("li", -52, 18, "3 a.m. Four engineers, one control room, and the silence between two alarms. Meet the night shift that keeps 31 million lines awake. #PeopleOfNorvane"),
            Said("team", -51, 9, "The night-shift film is online. Thank you Inès, Ruta, Mireille and Adaeze for letting a camera in at 3 a.m."),
        ),
    ),
    Piece(
        "submarine-cable-podcast", "podcast", "Under the sea, episode 4: repairing a cable in winter",
        "The captain of a cable ship on ten days of waiting for the swell to drop.",
        audiences=("experts", "general_public"), cost=900, topics=("Submarine cables",), owner="yann", seconds=1860,
        posts=(
            Said("x", -50, 8, "Ten days at sea waiting for the swell to drop, six hours to repair. The captain of a cable ship in episode 4 of Under the sea."),
            Said("li", -49, 12, "What do you do for ten days when the repair takes six hours? You wait for the swell to drop. The captain of a cable ship talks about winter work. #SubmarineCables"),
        ),
    ),
    Piece(
        "energy-per-bit-2030", "white_paper", "Energy per bit: the road to 2030",
        "Where the watts go in a mobile network, and which savings survive an audit.",
        audiences=("analysts", "investors", "experts"), cost=14200, topics=("Energy",),
        posts=(
            Said("li", -39, 9, "Which energy savings survive an audit? We had ours checked. The paper shows where the watts go in a mobile network, and which of our own claims we dropped. #Energy"),
            Said("press", -39, 10, "Where the watts go in a mobile network, and which savings survive an audit: our paper on energy per bit to 2030."),
            Said("x", -38, 9, "We had our energy savings audited. Three claims did not survive. The paper says which."),
            Said("x", -9, 14, "Sleep modes save more than new antennas. The chart on page 14 surprised us too."),
        ),
    ),
    Piece(
        "self-healing-core", "video", "A core network that heals itself, in 90 seconds",
        "An animation for the booth: one failing node, no dropped call.",
        audiences=("experts", "customers"), purpose="event", cost=7600, campaign="mwc", topics=("Automation",), seconds=92,
        posts=(
            Said("yt", -33, 11, "One failing node, no dropped call. How our core network reroutes around a fault before anybody notices, in 90 seconds."),
            Said("x", -33, 12, "One failing node, no dropped call: a core network that heals itself, in 90 seconds."),
        ),
    ),
    Piece(
        "open-ran-lessons", "slide_deck", "Open RAN: what we learned from 400 sites",
        "The slides of our talk, with the two pages we cut.",
        audiences=("experts", "analysts"), topics=("Open RAN",), owner="yann",
        posts=(
            Said("li", -36, 10, "400 Open RAN sites later: what integrates well, what does not, and the two slides we cut from the talk. #OpenRAN"),
            Said("x", -36, 15, "400 Open RAN sites later. The slides, including the two we cut."),
        ),
    ),
    Piece(
        "q3-results", "press_release", "Third-quarter results: services grow, capital spending falls",
        "Revenue, margin and the order book at the end of the quarter.",
        audiences=("investors", "journalists", "analysts"), topics=("Results",), owner="yann",
        posts=(
            Said("press", -31, 7.5, "Third-quarter results: enterprise services grow by 6.1 %, capital spending falls for the third quarter in a row."),
            Said("li", -31, 8, "Our third quarter in one line: enterprise services grow, capital spending falls. The figures and the chief financial officer’s comment are in the release."),
            Said("team", -31, 8.25, "The quarter’s results are public as of 7:30. Questions from journalists go to Claire."),
        ),
    ),
    Piece(
        "harbour-drone-short", "video", "Drone footage: the port at dawn",
        "Forty seconds of light on cranes; sound only of the harbour.",
        audiences=("general_public",), cost=350, campaign="p5g", topics=("Ports",), seconds=41,
        posts=(
            Said("yt", -29, 7, "The port at dawn, forty seconds. No music, only the harbour."),
            Said("x", -29, 8, "Forty seconds of harbour before the first shift. Sound on."),
        ),
    ),
    Piece(
        "edge-launch-release", "press_release", "Norvane Edge brings computing next to the antenna",
        "Availability in six countries, first customers, price model.",
        audiences=("journalists", "analysts", "customers"), campaign="edge", topics=("Edge",), owner="yann",
        posts=(
            Said("press", -22, 9, "Norvane Edge is available today in six countries: computing next to the antenna, billed by the second."),
            Said("li", -22, 9.25, "Computing next to the antenna. Norvane Edge is available today in six countries, and billed by the second. First customers, price model and limits are in the release. #EdgeComputing"),
            Said("team", -22, 9.5, "Norvane Edge is public. Three facts you may share are in the channel’s pinned message."),
        ),
    ),
    Piece(
        "edge-explained", "video", "Edge computing explained with a bakery",
        "Why the oven belongs next to the customer. A film by two engineers and one baker.",
        audiences=("customers", "general_public"), cost=16900, campaign="edge", topics=("Edge",), seconds=186,
        posts=(
            Said("yt", -22, 10, "Why does the oven belong next to the customer? Two engineers and a baker explain edge computing in three minutes."),
            Said("li", -21, 9, "We asked a baker to explain edge computing. She did it better than our slides. Three minutes, no acronyms. #EdgeComputing"),
            Said("x", -21, 10, "We asked a baker to explain edge computing. She did it better than our slides."),
            Said("x", -5, 9, "“If the oven is far away, the bread is cold.” Edge computing, by a baker.", variant=True),
            Said("x", 6, 9, "Two engineers, one baker, three minutes: what edge computing is for."),
        ),
    ),
    Piece(
        "edge-benchmark", "technical_article", "Edge or region? A benchmark on four real workloads",
        "Video analytics, machine control, payments, chat: where the edge helps and where it does not.",
        audiences=("experts", "customers"), cost=3100, campaign="edge", topics=("Edge", "Latency"), owner="yann",
        posts=(
            Said("x", -17, 14, "Four real workloads, edge against region. Two of them gain nothing. We show which."),
            Said("li", -16, 10, "Edge or region? We measured four real workloads. Video analytics and machine control gain a lot; payments and chat gain nothing. The method and the raw data are online. #EdgeComputing"),
            Said("x", 9, 14, "Payments gain nothing from the edge. Machine control does. The benchmark and its raw data."),
        ),
    ),
    Piece(
        "edge-paper", "white_paper", "The economics of the edge",
        "When a site pays for itself, with a calculator.",
        audiences=("analysts", "customers", "investors"), cost=11000, campaign="edge", topics=("Edge",),
        posts=(
            Said("li", -13, 9, "At how many cameras does an edge site pay for itself? Our paper comes with the calculator, so you can disagree with us in numbers. #EdgeComputing"),
            Said("x", -13, 11, "At how many cameras does an edge site pay for itself? The paper comes with the calculator."),
            Said("hand", -12, 9, "A new paper with a calculator: at how many cameras does an edge site pay for itself?"),
            Said("li", 5, 9, "The most opened page of our edge paper is not the one we expected: it is the list of cases where we advise against it. #EdgeComputing", "in_review"),
        ),
    ),
    Piece(
        "edge-client-atelier", "video", "In the workshop: 60 cameras, one edge site",
        "A customer shows the machine that finds cracks, and the one time it did not.",
        audiences=("customers", "journalists"), cost=14800, campaign="edge", topics=("Edge", "Industry"), seconds=274,
        posts=(
            Said("yt", -7, 10, "Sixty cameras, one edge site, and the machine that finds cracks in turbine blades. A customer shows what works, and the one time it did not."),
            Said("li", -7, 11, "“It missed one. That is why I trust it: they told us.” Sixty cameras, one edge site, and a workshop that finds cracks before they grow. #EdgeComputing #Industry"),
            Said("x", -6, 9, "Sixty cameras, one edge site, and the crack it missed. A customer’s honest tour."),
        ),
    ),
    Piece(
        "fraude-sms", "blog_post", "Fraude par SMS : comment nous bloquons 11 millions de messages par mois",
        "Les méthodes, les faux positifs et ce que nous ne ferons pas.",
        language="fr", audiences=("journalists", "general_public", "experts"), topics=("Security",), owner="yann",
        posts=(
            Said("li", -11, 8.5, "11 millions de SMS frauduleux bloqués chaque mois. Comment, avec quels faux positifs, et ce que nous refusons de faire : lire les messages. #Sécurité"),
            Said("x", -11, 9, "11 millions de SMS frauduleux bloqués par mois, sans lire les messages. Comment, et avec quels faux positifs."),
            Said("x", 12, 9, "Un faux positif sur 40 000 : c’est encore trop. Notre méthode contre la fraude par SMS, expliquée.", "draft"),
        ),
    ),
    Piece(
        "lisbon-talk-automation", "slide_deck", "Lisbon talk: automation without amnesia",
        "Slides for the main stage, first day, 14:30.",
        audiences=("experts", "analysts"), purpose="event", state="in_review", campaign="mwc", topics=("Automation",), owner="yann",
        posts=(
            Said("x", 13, 13, "On the main stage in Lisbon at 14:30: automation without amnesia, or why a network must remember what it repaired.", "in_review"),
            Said("li", 12, 9, "A network that repairs itself must remember what it repaired. Our talk in Lisbon, first day, 14:30, main stage. #TelecomForum", "changes_requested"),
        ),
    ),
    Piece(
        "lisbon-teaser", "video", "See you in Lisbon: 30 seconds from the booth",
        "The booth goes up, time-lapse.",
        audiences=("customers", "employees"), purpose="event", cost=1200, state="ready", campaign="mwc", topics=("Events",), seconds=31,
        posts=(
            Said("yt", 10, 10, "Forty crates, eleven people, one night: our booth in Lisbon goes up in 30 seconds."),
            Said("x", 10, 11, "Forty crates, eleven people, one night. See you in Lisbon."),
            Said("team", 9, 16, "The Lisbon booth film goes live tomorrow at 10. If you are on site, say so in the thread."),
        ),
    ),
    Piece(
        "lisbon-partnership", "press_release", "Norvane and Orrin Semiconductors announce a joint laboratory",
        "Agreement signed; public on the first morning of the forum.",
        audiences=("journalists", "analysts", "investors"), state="ready", campaign="mwc", topics=("Partnership",), owner="yann",
        embargo_day=13, embargo_terms=("Orrin", "joint laboratory"), confidentiality="confidential",
        posts=(
            Said("press", 13, 8.1, "Norvane and Orrin Semiconductors open a joint laboratory for low-power radio chips."),
            Said("li", 13, 8.5, "A laboratory with two names on the door: Norvane and Orrin Semiconductors will design low-power radio chips together. #Partnership", "in_review"),
        ),
    ),
    Piece(
        "site-closure", "press_release", "Plan for the Valmorel site",
        "One release, nothing else, after the works council.",
        audiences=("employees", "journalists"), state="in_review", topics=("Corporate",), confidentiality="confidential", sensitive=True,
        embargo_day=18, embargo_terms=("Valmorel",),
        posts=(Said("press", 18, 18.5, "Norvane has presented a plan for its Valmorel site to the works council. The release holds all there is to say today.", "draft"),),
    ),
    Piece(
        "quantum-keys-trial", "technical_article", "Quantum keys over 80 km of ordinary fibre",
        "A field trial, its key rate, and its bad weather.",
        audiences=("experts", "journalists"), cost=4300, topics=("Security",), owner="yann", state="ready",
        posts=(
            Said("x", 2, 9.5, "Quantum keys over 80 km of ordinary fibre: 1.2 kbit/s on a good day, and what rain does to it."),
            Said("li", 3, 10, "80 km of ordinary fibre, 1.2 kbit/s of quantum keys, and an unexpected enemy: rain. Our field trial with all its numbers. #Security"),
        ),
    ),
    Piece(
        "customer-day-recap", "video", "Customer day: what 200 engineers asked us",
        "The questions, uncut; the answers, short.",
        audiences=("customers", "experts"), cost=5200, topics=("Events",), seconds=402,
        posts=(
            Said("yt", -2, 16, "Two hundred engineers, one afternoon, no prepared questions. What they asked us, uncut, and our answers, short."),
            Said("li", -1, 9, "Two hundred engineers asked us whatever they liked. The hardest question comes at minute four. #CustomerDay"),
            Said("x", 0, SOON, "“Why should we believe you this time?” Minute four of our customer day, uncut."),
            Said("x", 1, 9, "The longest silence of our customer day lasts eleven seconds. It follows a question about prices."),
            Said("li", -1, 15.5, "Two hundred engineers asked us whatever they liked. The hardest question comes at minute four. #CustomerDay"),
            Said("team", -1, 9.5, "The customer-day film is online; thank you to everybody who answered without slides."),
        ),
    ),
    Piece(
        "analyst-note", "press_article", "Independent analysts rate Norvane’s enterprise network",
        "A third-party note; quote only what its authors allow.",
        audiences=("analysts", "customers"), topics=("Private 5G",), owner="claire",
        posts=(
            Said("li", -4, 10, "Independent analysts looked at six enterprise networks. Their note on ours has two compliments and one criticism; all three are fair. #Private5G"),
            Said("x", -4, 12, "Two compliments and one fair criticism: an independent note on our enterprise network."),
            Said("press", -3, 22.5, "An independent note on our enterprise network, with one criticism we accept.", "missed"),
            Said("hand", 4, 9, "An independent analyst note on enterprise networks, with what they liked and what they did not."),
        ),
    ),
    Piece(
        "roaming-map", "blog_post", "One map of where your SIM works, honestly",
        "Coverage by technology, tested by volunteers.",
        audiences=("customers", "general_public"), state="in_production", topics=("Coverage",), owner="yann",
        posts=(Said("x", 15, 10, "One map of where your SIM really works, tested by 900 volunteers.", "draft"),),
    ),
    Piece("carbon-film", "video", "One tonne: a film about what a base station weighs", "Idea for the spring.", audiences=("general_public",), state="idea", topics=("Energy",)),
    Piece("ai-operations-podcast", "podcast", "Machines that read logs: a conversation", "Recording next week with two operators.", audiences=("experts",), state="in_production", topics=("Automation",), owner="yann"),
    Piece("satellite-paper", "white_paper", "Satellites and cells: who covers what by 2030", "Final proofs at the printer.", audiences=("analysts", "experts"), cost=10400, state="ready", topics=("Coverage",)),
    Piece("rural-fibre-film", "video", "The last village: fibre at 1,400 metres", "Edited, subtitles to come.", audiences=("general_public", "journalists"), cost=13300, state="ready", topics=("Coverage",), seconds=295),
)  # fmt: skip
