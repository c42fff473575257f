"""Programs on which Python, graph mode, PyNative mode or differences once disagreed, as small as they shrank."""

FOUND = {
    "gradient_after_two_looks": """
def main(s, t, v, w, n):
    if s > -9:
        v = v + 1
    if t > -9:
        v = v * 2
    return s, v
""",
    "operator_without_operands_in_a_loop": """
def main(s, t, v, w, n):
    j = n * 0
    while j < n:
        v[j % 3] = v[j % 3] * s
        j = j + 1
    return s, v
""",
    "break_of_an_endless_loop_on_a_tensor": """
def main(s, t, v, w, n):
    while True:
        s = s + 1
        if s > 2:
            break
    return s, v
""",
    "name_bound_before_a_break_of_an_endless_loop": """
def main(s, t, v, w, n):
    j = 0
    while True:
        j = j + 1
        if j > 2:
            break
        a = s * 0.5
        if ops.sin(t) > 0.2:
            break
        v = v * 2
    return s, v
""",
    "name_bound_after_a_break_of_an_endless_loop": """
def main(s, t, v, w, n):
    j = n * 0
    while True:
        j = j + 1
        if j > n:
            break
        a = [v, s]
        v = a[0] * a[1]
    return s, v
""",
    "rows_of_a_vector_that_the_loop_changes": """
def main(s, t, v, w, n):
    for e in w:
        w[1:] = e
    return s, w
""",
}
