"""Texts in English, in the alphabet of seven bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notices.wording import Calendar, Where, Wording

if TYPE_CHECKING:
    from typing import ClassVar


class English(Wording):
    """The words of English."""

    exercise: ClassVar[str] = "EXERCISE: "
    return_phrase: ClassVar[str] = "power is back"
    asking_phrase: ClassVar[str] = "Is your power on"
    days: ClassVar[tuple[str, ...]] = ("Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun ")

    def power_out(self, where: Where, calendar: Calendar, *, since: int, expected: int | None, crew: bool) -> str:
        """Power is out."""
        began = f"Power is out {_at(where)} since {self.time(since, calendar)}."
        if expected is not None:
            coming = " A crew is on its way." if crew else ""
            return f"{began}{coming} We expect power by {self.time(expected, calendar)} and will text you. STOP ends texts."
        doing = "A crew is on its way." if crew else "We are looking for the fault."
        return f"{began} {doing} We will text you when we know more. STOP ends texts."

    def initial_etr(self, where: Where, calendar: Calendar, *, expected: int) -> str:
        """There is an estimate now."""
        return (
            f"We expect power {_at(where)} to return by {self.time(expected, calendar)} and will text you when it does."
        )

    def etr_change(self, where: Where, calendar: Calendar, *, expected: int, later: bool) -> str:
        """The estimate moved."""
        begin = "The repair takes longer." if later else "The repair goes faster."
        return f"{begin} We now expect power {_at(where)} to return by {self.time(expected, calendar)}."

    def crew_enroute(self, where: Where, calendar: Calendar, *, arrival: int | None, expected: int | None) -> str:
        """A crew is on its way."""
        about = "" if arrival is None else f", there about {self.time(arrival, calendar)}"
        then = "" if expected is None else f" We expect power to return by {self.time(expected, calendar)}."
        return f"A crew is on its way to the outage {_at(where)}{about}.{then}"

    def power_restored(self, where: Where, calendar: Calendar, *, since: int | None) -> str:
        """Power has returned."""
        when = "" if since is None else f" since {self.time(since, calendar)}"
        return f"The {self.return_phrase} {_at(where)}{when}. If yours is off, check your main switch, then reply OUT."

    def noted(self, where: Where | None) -> str:
        """Answer a report of an outage that is not known yet."""
        if where is None:
            return "Thank you. We do not know your number: please call us and say where power is out."
        return f"Thank you. We have noted that power is out {_at(where)} and will text you when we know more."

    def known(self, where: Where, calendar: Calendar, *, since: int, expected: int | None) -> str:
        """Answer with what is known of an outage."""
        began = f"We know that power is out {_at(where)} since {self.time(since, calendar)}."
        if expected is None:
            return f"{began} We cannot say yet when it returns."
        return f"{began} We expect it to return by {self.time(expected, calendar)}."

    def no_outage(self, where: Where | None) -> str:
        """Answer that no outage is known."""
        if where is None:
            return "We do not know your number. Please call us and say where power is out."
        return f"We know of no outage {_at(where)}. If power is off, reply OUT."

    def which(self, names: tuple[str, ...]) -> str:
        """Ask which premise is meant."""
        return f"Where is power out? Reply {', '.join(f'{place} for {name}' for place, name in enumerate(names, 1))}."

    def question(self, where: Where) -> str:
        """Ask whether power is on."""
        there = "" if where.only_one else f" {_at(where)}"
        return f"{self.asking_phrase}{there}? Answer Y or N. It helps us to find a fault near you. STOP ends texts."

    def noted_on(self) -> str:
        """Answer somebody who has power."""
        return "Thank you, that helps us to find the fault. If your power fails, reply OUT."

    def stopped(self) -> str:
        """Answer that no more texts will come."""
        return "You will get no more texts from us about outages. Reply START to get them again."

    def started(self) -> str:
        """Answer that texts will come again."""
        return "You will get our texts about outages again. Reply STOP to end them."

    def help(self) -> str:
        """Answer what may be asked."""
        return "Reply OUT if your power is off, STATUS for what we know, STOP for no more texts, START for texts again."

    def safety(self) -> str:
        """Answer what to do in danger."""
        return (
            "Danger: keep away, at least 10 m from a fallen wire, and keep others away. Call the emergency number now."
        )

    def not_understood(self) -> str:
        """Answer that the text was not understood."""
        return "We did not understand your text. Reply HELP for the words that we know, or call us."


def _at(where: Where) -> str:
    if where.only_one:
        return "at your address"
    named = where.named(", ", " and ")
    if named is not None:
        return f"at {named}"
    return f"at {len(where.names)} of your {where.of} premises"
