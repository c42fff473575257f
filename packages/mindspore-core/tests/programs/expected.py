"""The entries of the table that do not agree yet: what becomes of each, and the words of its verdict that say why.

The list is strict: an entry that agrees, or that fails in another way, must be taken out or corrected here.
"""
EXPECTED: dict[str, tuple[str, str]] = {
    "match_on_tensor": ("refused", "The condition of 'match' is a tensor"),
    "match_guard_on_tensor": ("refused", "The condition of 'match' is a tensor"),
    "assert_holds": ("refused", "The condition of 'assert' is a tensor"),
    "none_join": ("refused", "'bias' has values that do not join"),
    "name_bound_in_one_branch": ("refused", "'y' has no value on one side"),
    "unlike_shapes_join": ("refused", "'y' has values that do not join"),
    "unlike_dtypes_join": ("refused", "'y' has values that do not join"),
    "function_join": ("refused", "give values that do not join"),
    "string_join": ("refused", "give values that do not join"),
    "while_else_with_break": ("refused", "'else' of a loop on a tensor that has a 'break'"),
    "while_return": ("refused", "A 'return' stands in a loop on a tensor"),
    "for_range_of_tensor": ("refused", "The value of a tensor is needed"),
    "for_range_between_tensors": ("refused", "The value of a tensor is needed"),
    "while_true_break": ("failed", "maximum recursion depth exceeded"),
}
