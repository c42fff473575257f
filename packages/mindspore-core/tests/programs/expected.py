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
    "for_range_of_tensor": ("refused", "The value of a tensor is needed"),
    "for_range_between_tensors": ("refused", "The value of a tensor is needed"),
    "while_index_assignment": ("failed", ""),
    **dict.fromkeys(["sequence_of_ifs", "chained_comparison", "comparison_operators", "walrus_in_elif",
                     "while_two_conditions", "while_continue", "while_in_while", "while_newton", "for_over_vector",
                     "for_continue_on_tensor", "if_in_while_in_if"], ("failed", "the gradient by argument")),
    **dict.fromkeys([
        "return_from_while", "return_from_while_in_if", "return_of_pair_from_while",
        "return_from_inner_while", "return_from_while_in_for", "break_or_return",
        "break_and_return_on_both_sides", "return_on_every_path", "continue_before_return",
        "else_without_break_taken", "else_that_depends_on_break", "else_that_returns",
        "else_with_return_in_body", "break_in_both_loops", "while_true_continue_break",
        "chained_condition", "loop_after_a_loop_with_return", "return_through_with_nothing_after",
        "while_else_with_break", "while_return"],
        ("failed", "the gradient by argument")),
}
