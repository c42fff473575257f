"""The entries of the table that do not agree yet: what becomes of each, and the words of its verdict that say why.

The list is strict: an entry that agrees, or that fails in another way, must be taken out or corrected here.
"""
EXPECTED: dict[str, tuple[str, str]] = {
    "match_on_tensor": ("refused", "The condition of 'match' is a tensor"),
    "match_guard_on_tensor": ("refused", "The condition of 'match' is a tensor"),
    "any_all_of_tensors": ("refused", "The value of a tensor is needed while its function is being compiled: it is kn"),
    "min_max_of_tensors": ("refused", "The value of a tensor is needed while its function is being compiled: it is kn"),
    "cell_list_by_tensor": ("failed", "graph, cpu, input 0: raised ('TypeError', \"For 'CellList', the index must be"),
    "outer_list_grows": ("failed", "a compiled call ran 48 Python functions, first interpret"),
    "tensors_as_dict_values_updated": ("refused", "'state' does not keep its type in a loop on a tensor."),
    "function_chosen_from_list_by_tensor": ("refused", "The value of a tensor is needed while its function is being c"),
    "slice_with_tensor_start": ("refused", "The value of a tensor is needed while its function is being compiled: it"),
    "number_of_tensor_by_float": ("refused", "The value of a tensor is needed while its function is being compiled: i"),
    "number_of_tensor_by_item": ("refused", "The value of a tensor is needed while its function is being compiled: it"),
    "number_of_tensor_by_int": ("refused", "The value of a tensor is needed while its function is being compiled: it"),
    "bool_of_tensor": ("refused", "The value of a tensor is needed while its function is being compiled: it is known"),
    "bool_of_a_tensor": ("refused", "The value of a tensor is needed"),
    "any_of_tensors": ("refused", "The value of a tensor is needed"),
    "all_of_tensors": ("refused", "The value of a tensor is needed"),
    "largest_of_tensors": ("refused", "The value of a tensor is needed"),
}
