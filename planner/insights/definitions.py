"""What every number means: its definition, and for each platform the fields it is made of. The page of definitions is drawn from here.

FORMULA names the version of these definitions; it changes whenever a canonical count is made of other fields. The platform's own fields
are kept with each snapshot that a platform told: `flask planner rebuild --counts` makes its counts again by this version, and keeps which
version that was (insights.recounting). What a file or a person told is counts alone, and stays as it was told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from planner.channels.port import Platform
from planner.core.i18n import N_
from planner.insights.rules import SHORTS_BREAK, YOUTUBE_BREAK

__all__ = ["DEFINITIONS", "FORMULA", "REGIMES", "Definition", "Regime"]

FORMULA = "2026-11"
_YOUTUBE, _LINKEDIN, _X = Platform.YOUTUBE, Platform.LINKEDIN, Platform.X


@dataclass(frozen=True, slots=True)
class Definition:
    """One number. `fields` are the platforms' own, as a sum; a platform that is not there tells it not. `when` says how fresh it is."""

    key: str
    name: str
    meaning: str
    fields: Mapping[Platform, str] = field(default_factory=dict)
    source: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Regime:
    """One way in which a platform counts views; two are never drawn as one line nor compared."""

    code: str
    name: str
    meaning: str
    since: date | None = None


_AT_MIDNIGHT = N_("Read hourly in a post's first two days, then at midnight UTC; see Readings.")
_FOR_THIRTY_DAYS = N_("X tells it for a post's first 30 days only: the last reading before is kept.")
_ANALYTICS = N_("After 4, 7, 14, 28, 60, 90, 180 and 365 days, to three days before.")
_WORKED_OUT = N_("Worked out when the page is shown.")

#: Counts by their names in insights.models.METRICS, then what is worked out from them.
DEFINITIONS: tuple[Definition, ...] = (
    Definition("views", N_("Views"), N_("How often a video was started, as YouTube counts it. Since 27 August 2026 a view counts from the first frame. LinkedIn tells no views; X tells them for videos."),
               {_YOUTUBE: "statistics.viewCount", _X: "includes.media.public_metrics.view_count"}, when=_AT_MIDNIGHT),
    Definition("impressions", N_("Impressions"), N_("How often the post was on somebody’s screen, as LinkedIn and X count it."),
               {_LINKEDIN: "impressionCount", _X: "public_metrics.impression_count"}, when=_AT_MIDNIGHT),
    Definition("reach", N_("Reach"), N_("How many different people saw the post at least once. Only LinkedIn tells this."),
               {_LINKEDIN: "uniqueImpressionsCount"}, when=_AT_MIDNIGHT),
    Definition("engagements", N_("Engagements"), N_("Reactions, comments, shares and clicks together, as far as the platform tells them."),
               {_YOUTUBE: "likeCount + commentCount", _LINKEDIN: "clickCount + likeCount + commentCount + shareCount",
                _X: "repost_count + like_count + reply_count + quote_count + bookmark_count"}, when=_AT_MIDNIGHT),
    Definition("clicks", N_("Clicks"), N_("Clicks on the post or its link."),
               {_LINKEDIN: "clickCount", _X: "non_public_metrics.url_link_clicks"}, when=_FOR_THIRTY_DAYS),
    Definition("likes", N_("Reactions"), N_("Likes and other reactions."),
               {_YOUTUBE: "statistics.likeCount", _LINKEDIN: "likeCount", _X: "public_metrics.like_count"}, when=_AT_MIDNIGHT),
    Definition("comments", N_("Comments"), N_("Comments and replies."),
               {_YOUTUBE: "statistics.commentCount", _LINKEDIN: "commentCount", _X: "public_metrics.reply_count"}, when=_AT_MIDNIGHT),
    Definition("shares", N_("Shares"), N_("Shares and reposts."),
               {_LINKEDIN: "shareCount", _X: "repost_count + quote_count"}, when=_AT_MIDNIGHT),
    Definition("watch_seconds", N_("Watch time"), N_("How long everybody watched together. In seconds from a file, in hours from YouTube Analytics."),
               source=N_("YouTube Analytics: estimatedMinutesWatched; files"), when=_ANALYTICS),
    Definition("seen", N_("Seen"), N_("How often posts were seen: views on YouTube, impressions elsewhere. The two are never added together."), when=_WORKED_OUT),
    Definition("average_part", N_("Average part viewed"), N_("The part of the video that an average view covers."),
               source=N_("YouTube Analytics: averageViewPercentage"), when=_ANALYTICS),
    Definition("average_view", N_("Average view"), N_("How long an average view lasts, in minutes and seconds."),
               source=N_("YouTube Analytics: averageViewDuration"), when=_ANALYTICS),
    Definition("analytics_views", N_("Views, by YouTube Analytics"), N_("Views as YouTube Analytics counts them, by days of California, two to three days behind: where they came from, other sites, countries, subscribed or not. It withholds what few people did."),
               source=N_("YouTube Analytics: views"), when=_ANALYTICS),
    Definition("viewers", N_("Age and gender"), N_("The part of a video's viewers in each group, of those whom YouTube can tell. It withholds what few people did."),
               source=N_("YouTube Analytics: viewerPercentage"), when=_ANALYTICS),
    Definition("retention", N_("Who still watches"), N_("The part of a video's views that still watch at each part of it."),
               source=N_("YouTube Analytics: audienceWatchRatio"), when=_ANALYTICS),
    Definition("subscribers_gained", N_("Subscribers gained"), N_("People who subscribed on the video's page."),
               source=N_("YouTube Analytics: subscribersGained"), when=_ANALYTICS),
    Definition("analytics_acts", N_("Reactions, comments and shares, by YouTube Analytics"), N_("Likes less those taken back, comments, and shares by YouTube's own button, since the video came out and to three days before it was asked."),
               source=N_("YouTube Analytics: likes, comments, shares"), when=_ANALYTICS),
    Definition("paid", N_("From advertising"), N_("The part of the views that YouTube's advertising brought: those are paid, the others organic. LinkedIn's counts are organic only; X's organic impressions are told apart for 30 days."),
               {_YOUTUBE: "insightTrafficSourceType: ADVERTISING, PROMOTED", _X: "organic_metrics.impression_count"}, when=_ANALYTICS),
    Definition("organic", N_("Organic impressions"), N_("How often a post was on somebody’s screen without being paid for."),
               {_LINKEDIN: "impressionCount", _X: "organic_metrics.impression_count"}, when=_FOR_THIRTY_DAYS),
    Definition("watched_to", N_("Watched to"), N_("How many saw the beginning, a quarter, half, three quarters and the end of a post's videos. Told by X to the author alone."),
               {_X: "includes.media.non_public_metrics.playback_0_count … playback_100_count"}, when=_FOR_THIRTY_DAYS),
    Definition("profile_clicks", N_("Visits to the profile"), N_("Clicks on our name or picture in the post."), {_X: "non_public_metrics.user_profile_clicks"}, when=_FOR_THIRTY_DAYS),
    Definition("growth", N_("Growth"), N_("What a count gained between its first reading and the newest. Views counted in two ways are not compared."), when=_WORKED_OUT),
    Definition("half_life", N_("Half-life"), N_("The age at which half of what a post has now was reached, between two readings on a straight line."), when=_WORKED_OUT),
    Definition("against", N_("Against its channel"), N_("A count divided by the median of the channel's posts that were read at the same age, give or take a fifth; with fewer than five of them there is no answer. Only counts of one definition are compared."), when=_WORKED_OUT),
    Definition("channel_share", N_("Share of a channel"), N_("The part of an asset's count that one channel's posts have."), when=_WORKED_OUT),
    Definition("qualified", N_("Qualified views"), N_("Views times the part of the viewers who are known to be in target. Channels on which nobody is identified are left out and named; where nobody is on any there is no answer."), when=_WORKED_OUT),
    Definition("cost", N_("Cost"), N_("What the asset cost to make, as somebody wrote it on its form.")),
    Definition("cost_per_view", N_("Cost per qualified view"), N_("What the asset cost, divided by its qualified views."), when=_WORKED_OUT),
    Definition("target", N_("In target"), N_("The part of the identified viewers or followers whom the table of audiences puts into the asset's audiences. Those it does not know are said apart, never counted as outside."), when=_WORKED_OUT),
    Definition("followers", N_("Followers"), N_("People who follow the account."),
               {_YOUTUBE: "subscriberCount", _LINKEDIN: "firstDegreeSize", _X: "public_metrics.followers_count"}, when=N_("Once a UTC day.")),
    Definition("follower_gains", N_("Followers gained"), N_("How many more people follow the page after a day than before it: below zero when more left than came. Organic and paid are told apart; of the page, never of a post."),
               {_LINKEDIN: "followerGains.organicFollowerGain, followerGains.paidFollowerGain"}, when=N_("Once a UTC day, to two days before.")),
    Definition("group_people", N_("People by group"), N_("How many followers of the account are in each group that the platform names; of a page's visitors its views, and on YouTube views by country. Of the account, never of a post; who is in no group is not told."),
               {_LINKEDIN: "followerCountsBy…, pageStatisticsBy…", _YOUTUBE: "country: views"}, when=N_("Once a UTC day.")),
    Definition("mixed", N_("Mixed definitions"), N_("A sum over platforms that count differently: an order of size, nothing to compare."), when=_WORKED_OUT),
    Definition("forecast", N_("Forecast"), N_("The views a video is expected to have after the horizon without promotion: the middle, and the range that holds in four cases of five. Made of its channel's past videos."), when=N_("Worked out once an hour.")),
    Definition("extra_views", N_("Extra views"), N_("The middle of what a promotion of this kind would add to the forecast, by what past ones brought."), when=N_("Worked out once an hour.")),
    Definition("pays", N_("It pays"), N_("How probable it is that the extra views are worth more than the promotion costs."), when=N_("Worked out once an hour.")),
    Definition("returned", N_("Came back"), N_("Something at least four weeks old gained, in three days (or between two weekly readings), at least 50, three times what it gained in such spans over the four weeks before, and five times their spread more than that, while we published nothing about it. Of mentions a week is set beside the twelve before, and five are enough."), when=N_("Every six hours.")),
    Definition("variant_rate", N_("Rate of a variant"), N_("Clicks, or engagements where no clicks are told, divided by how often the variant was seen, with the interval (Wilson) in which it lies nineteen times in twenty. All variants are read at the same age."), when=_WORKED_OUT),
    Definition("visits", N_("Website visits"), N_("Visits that began on the asset's page, by source. The networks' part is a lower bound."),
               source=N_("Matomo, Google Analytics 4, or exports of the web statistics"), when=N_("Every night, or when a file is imported.")),
    Definition("mentions", N_("Mentions"), N_("How often others wrote something that leads to the asset or its posts, stands below one of them, or that its source calls about the asset. Each is counted once, whoever told it, on its UTC day."),
               source=N_("X, and exports of a monitoring tool"), when=N_("Once an hour on X, or when a file is imported.")),
    Definition("short_link_clicks", N_("Clicks on its short link"), N_("People who followed the post's short link; programs are left out, and nobody is told from another."),
               source=N_("Our own count"), when=N_("At every click.")),
)  # fmt: skip

REGIMES: tuple[Regime, ...] = (
    Regime("yt-2012", N_("YouTube, before"), N_("A view counted once somebody had watched for some seconds; YouTube never said how many.")),
    Regime("yt-shorts-2025", N_("YouTube Shorts"), N_("Each start and each replay of a Short counts as a view."), SHORTS_BREAK),
    Regime("yt-2026-08", N_("YouTube, all videos"), N_("A public view counts from the first frame."), YOUTUBE_BREAK),
    Regime("li-organic", N_("LinkedIn"), N_("Organic counts only, of the last twelve months.")),
    Regime("x_video", N_("Videos on X"), N_("Views of a post's videos, added up.")),
)
