"""Which unit is sent when: room, order, packets, pause and stop; on a cluster of one process that answers at will."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from dubwright.catalogue.catalog import Catalog, Episode, Series
from dubwright.errors import ClusterError, EngineOutputError, MediaError
from dubwright.lake import Lake
from dubwright.planning.plan import build
from dubwright.settings import ClusterSettings, Settings, load
from dubwright.translate.fake import FakeTranslator
from dubwright.unit import Receipt, Work
from tasks import dispatch
from tasks.cluster import Bench, needs
from tasks.dispatch import Dispatcher, Packet, dispatching
from tasks.gate import Gate, Stopped

Answer = Callable[[Work], Receipt | Exception]


class Bay:
    """What a dispatcher sees of a cluster: slots, and outcomes; the packets that came are kept."""

    def __init__(self, answer: Answer, slots: int = 4, **settings: Any) -> None:
        self.settings = ClusterSettings(**settings)
        self.answer, self.free = answer, slots
        self.sent: list[list[Work]] = []
        self.recorded: list[tuple[Work, Exception]] = []
        self.at_once = self.most_at_once = 0
        self.go = asyncio.Event()
        self.go.set()

    async def slots(self, needs: Mapping[str, float]) -> int:
        return self.free

    async def offers(self) -> str:
        return f"{self.free} Dask workers"

    async def compute(self, works: Sequence[Work]) -> list[Receipt | Exception]:
        self.sent.append(list(works))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.go.wait()
        await asyncio.sleep(0.001)
        self.at_once -= 1
        return [self.answer(work) for work in works]

    def record(self, work: Work, error: Exception) -> None:
        self.recorded.append((work, error))


def done(seconds: float) -> Answer:
    return lambda work: Receipt(work.key, computed=True, cost={"wall_s": seconds})


@pytest.fixture
def works(fake_settings: Settings, lake: Lake) -> list[Work]:
    series = Series("S", tuple(Episode("S", f"{n:03d}", "", str(n)) for n in range(100)))
    return [unit.work for unit in build(Catalog("", (series,)), ["en"], fake_settings, lake)]


def of(works: Sequence[Work], stage: str) -> list[Work]:
    return [work for work in works if work.stage == stage]


async def sending(bay: Bay, use: Callable[[Dispatcher], Awaitable[Any]], gate: Gate | None = None) -> Any:
    async with dispatching(cast(Bench, bay), gate or Gate(), lambda packet: packet.carry_out()) as dispatcher:
        return await use(dispatcher)


async def all_of(dispatcher: Dispatcher, works: Sequence[Work]) -> list[Any]:
    return list(await asyncio.gather(*(dispatcher.run(work) for work in works), return_exceptions=True))


def test_a_little_more_is_sent_than_can_run_at_once(works: list[Work]) -> None:
    async def go() -> Bay:
        bay = Bay(done(10.0), slots=8)
        await sending(bay, lambda dispatcher: all_of(dispatcher, of(works, "ingest")))
        return bay

    bay = asyncio.run(go())
    assert bay.most_at_once == 8 + 2
    assert all(len(packet) == 1 for packet in bay.sent)


def test_short_units_travel_together_and_each_has_its_own_outcome(works: list[Work]) -> None:
    bad = {"040": MediaError("no sound"), "050": EngineOutputError("again")}

    def answer(work: Work) -> Receipt | Exception:
        return bad.get(work.episode) or Receipt(work.key, computed=True, cost={"wall_s": 0.01})

    async def go() -> tuple[Bay, list[Any]]:
        bay = Bay(answer, slots=2)
        outcomes = await sending(bay, lambda dispatcher: all_of(dispatcher, of(works, "ingest")))
        return bay, outcomes

    bay, outcomes = asyncio.run(go())
    assert len(bay.sent) < 40 and max(map(len, bay.sent)) == dispatch.LARGEST_PACKET
    failed = {
        works[0].episode
        for works, outcome in zip([[w] for w in of(works, "ingest")], outcomes, strict=True)
        if isinstance(outcome, Exception)
    }
    assert failed == set(bad)
    assert {work.episode: error for work, error in bay.recorded} == bad


def test_what_is_nearer_to_delivery_goes_first(works: list[Work]) -> None:
    async def go() -> Bay:
        bay = Bay(done(10.0), slots=1)
        bay.go.clear()

        async def use(dispatcher: Dispatcher) -> None:
            waiting = asyncio.create_task(all_of(dispatcher, [*of(works, "ingest")[:6], *of(works, "render")[:6]]))
            await asyncio.sleep(0.05)
            bay.go.set()
            await waiting

        await sending(bay, use)
        return bay

    bay = asyncio.run(go())
    # Two were sent before the others came.
    assert [packet[0].stage for packet in bay.sent][2:8] == ["render"] * 6


def test_a_pause_holds_and_a_stop_gives_back(works: list[Work]) -> None:
    async def go() -> None:
        gate, bay = Gate(), Bay(done(10.0), slots=2)

        async def use(dispatcher: Dispatcher) -> None:
            gate.hold(True)
            waiting = asyncio.create_task(all_of(dispatcher, of(works, "ingest")[:10]))
            await asyncio.sleep(0.05)
            assert not bay.sent
            bay.go.clear()
            gate.hold(False)
            await asyncio.sleep(0.05)
            assert len(bay.sent) == 3
            gate.close("cancelled")
            bay.go.set()
            outcomes = await waiting
            # What was sent ends and counts; the rest was never begun.
            assert sum(isinstance(outcome, Receipt) for outcome in outcomes) == 3
            assert sum(isinstance(outcome, Stopped) for outcome in outcomes) == 7
            with pytest.raises(Stopped, match="cancelled"):
                await dispatcher.run(of(works, "ingest")[20])

        await sending(bay, use, gate)

    asyncio.run(go())


def test_a_deadline_closes_the_gate() -> None:
    gate = Gate(stop_at=1.0)
    assert not gate.open and gate.closed


def test_what_nobody_offers_is_given_up_and_recorded(works: list[Work], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "LOOK_EVERY_S", 0.01)

    async def go() -> tuple[Bay, list[Any]]:
        bay = Bay(done(1.0), slots=0, patience_s=0.05)
        return bay, await sending(bay, lambda dispatcher: all_of(dispatcher, of(works, "ingest")[:3]))

    bay, outcomes = asyncio.run(go())
    assert all(isinstance(outcome, ClusterError) and "cpu=1" in str(outcome) for outcome in outcomes)
    assert len(bay.recorded) == 3 and not bay.sent


def test_dask_workers_that_come_late_are_used(works: list[Work], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "LOOK_EVERY_S", 0.01)

    async def go() -> list[Any]:
        bay = Bay(done(1.0), slots=0)

        async def use(dispatcher: Dispatcher) -> list[Any]:
            waiting = asyncio.create_task(all_of(dispatcher, of(works, "ingest")[:3]))
            await asyncio.sleep(0.05)
            bay.free = 2
            return await waiting

        return list(await sending(bay, use))

    assert all(isinstance(outcome, Receipt) for outcome in asyncio.run(go()))


def test_a_packet_is_named_after_what_it_holds(works: list[Work], fake_settings: Settings) -> None:
    async def go() -> str:
        pending = [
            dispatch.Pending(work, asyncio.get_running_loop().create_future()) for work in of(works, "ingest")[:3]
        ]
        return Packet(pending, cast(Dispatcher, None)).label

    assert asyncio.run(go()) == "ingest S/000 and 2 more"
    assert load({"cluster": {"priority": "release"}}).cluster.priority == "release"


def test_an_engine_on_a_gpu_takes_its_token(works: list[Work], monkeypatch: pytest.MonkeyPatch) -> None:
    work = of(works, "translate")[0]
    assert needs(work) == {"mt": 1}
    on_gpu = replace(FakeTranslator.info, device="cuda")
    monkeypatch.setattr(FakeTranslator, "info", on_gpu)
    assert needs(work) == {"mt": 1, "GPU": 1}
    dub = of(works, "dub")[0]
    assert needs(dub) == {"tts": 1}
    demucs = {"separator": "demucs", "separator_model": "htdemucs"}
    assert needs(replace(dub, settings=dub.settings.model_copy(update=demucs))) == {"tts": 1, "GPU": 1}
