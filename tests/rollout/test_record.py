from aiinfra.rollout.record import Entry, Record


def test_entries_come_back_in_order_and_have_a_time(tmp_path):
    record = Record(tmp_path / "r.jsonl")
    assert record.entries() == []
    record.add(Entry("serving", "m", "1", "sha256:a"))
    record.add(Entry("kept", "m", "1", "sha256:a", "für immer"))
    record.add(Entry("serving", "m", "2", "sha256:b"))
    assert [(e.event, e.version, e.why, e.at[:2]) for e in record.entries()] == [
        ("serving", "1", "", "20"),
        ("kept", "1", "für immer", "20"),
        ("serving", "2", "", "20"),
    ]
    assert record.last("sha256:a").event == "kept"
    assert record.last("sha256:c") is None


def test_a_line_that_a_power_cut_left_half_written_costs_no_other(tmp_path):
    file = tmp_path / "r.jsonl"
    record = Record(file)
    record.add(Entry("serving", "m", "1", "sha256:a"))
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole + whole[:length])
        record.add(Entry("kept", "m", "1", "sha256:a"))
        events = [entry.event for entry in record.entries()]
        assert (events[0], events[-1]) == ("serving", "kept")
