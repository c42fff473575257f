"""The entries of the table that do not agree yet: what becomes of each, and the words of its verdict that say why.

The list is strict: an entry that agrees, or that fails in another way, must be taken out or corrected here.
"""
EXPECTED: dict[str, tuple[str, str]] = {
    "list_made_in_each_trip_under_two_names": ("refused", "Two names hold one container that a trip of a loop"),
    "shared_list_replaced_then_changed": ("refused", "A container is changed that may be the same one as another"),
}
