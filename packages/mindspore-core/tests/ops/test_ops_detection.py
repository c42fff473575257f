"""Boxes: overlaps, encoding, greedy selection and features of regions, against loops in Python."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.ops import functional as F
from mindspore.ops import operations as P


def boxes_of(count, seed, size=(1.0, 6.0)):
    draw = np.random.default_rng(seed)
    low = draw.uniform(0, 10, (count, 2))
    return np.concatenate([low, low + draw.uniform(*size, (count, 2))], 1).astype(np.float32)


def shares(a, b, extra=0.0, own=False):
    """Overlap of two boxes, in proportion to their union, or to that of b."""
    sides = [max(min(a[k + 2], b[k + 2]) - max(a[k], b[k]) + extra, 0) for k in (0, 1)]
    areas = [(x[2] - x[0] + extra) * (x[3] - x[1] + extra) for x in (a, b)]
    common = sides[0] * sides[1]
    return common / (areas[1] if own else sum(areas) - common)


def chosen(boxes, scores, overlap, limit, least, most):
    """The greedy selection, box by box."""
    kept = []
    for k in sorted(range(len(scores)), key=lambda i: (-scores[i], i)):
        if scores[k] > least and len(kept) < most and all(overlap(boxes[k], boxes[j]) <= limit for j in kept):
            kept.append(k)
    return kept


ANCHORS, TRUTH = boxes_of(5, 0), boxes_of(4, 1)
DELTAS = uniform((5, 4))
MEANS, STDS = (0.1, -0.2, 0.3, 0.0), (0.5, 2.0, 1.0, 0.25)


def quad(box, corners):
    """The corners of a rotated box, one after the other."""
    x, y, w, h = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, abs(box[2] - box[0]), abs(box[3] - box[1])) \
        if corners else box[:4]
    c, s = np.cos(np.deg2rad(box[4])), np.sin(np.deg2rad(box[4]))
    return [(x + c * u - s * v, y + s * u + c * v) for u, v in ((-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2),
                                                              (-w / 2, h / 2))]


def clipped(polygon, corners):
    """What is left of a polygon behind all sides of another one, cut by one side after the other."""
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1]):
        sides = [(bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in polygon]
        left = []
        for k, (p, d) in enumerate(zip(polygon, sides)):
            q, e = polygon[(k + 1) % len(polygon)], sides[(k + 1) % len(polygon)]
            if d >= 0:
                left.append(p)
            if d * e < 0:
                left.append(tuple(u + (v - u) * d / (d - e) for u, v in zip(p, q)))
        polygon = left
    return polygon


def surface(polygon):
    return abs(sum(p[0] * q[1] - p[1] * q[0] for p, q in zip(polygon, polygon[1:] + polygon[:1]))) / 2


def rotated(a, b, corners=False, of_first=False):
    one, two = (quad(v.astype(np.float64), corners) for v in (a, b))
    common = surface(clipped(one, two))
    return common / (surface(one) if of_first else surface(one) + surface(two) - common)


def turned_boxes(count, seed):
    draw = np.random.default_rng(seed)
    return np.concatenate([draw.uniform(0, 6, (2, count, 2)), draw.uniform(1, 6, (2, count, 2)),
                           draw.uniform(-180, 180, (2, count, 1))], 2).astype(np.float32)


TURNED, QUERIES = turned_boxes(5, 0), turned_boxes(4, 1)


def encoded(anchors, boxes):
    rows = []
    for a, g in zip(anchors.astype(np.float64), boxes.astype(np.float64)):
        w, h, gw, gh = a[2] - a[0] + 1, a[3] - a[1] + 1, g[2] - g[0] + 1, g[3] - g[1] + 1
        rows.append([(g[0] + g[2] - a[0] - a[2]) / 2 / w, (g[1] + g[3] - a[1] - a[3]) / 2 / h, np.log(gw / w),
                     np.log(gh / h)])
    return ((np.array(rows) - MEANS) / STDS).astype(np.float32)


def decoded(anchors, deltas, height, width, clip):
    rows = []
    for a, d in zip(anchors.astype(np.float64), deltas * np.array(STDS) + MEANS):
        w, h = a[2] - a[0] + 1, a[3] - a[1] + 1
        x, y = (a[0] + a[2]) / 2 + w * d[0], (a[1] + a[3]) / 2 + h * d[1]
        nw, nh = (n * min(max(np.exp(v), clip), 1 / clip) for n, v in ((w, d[2]), (h, d[3])))
        ends = (x - nw / 2 + 0.5, y - nh / 2 + 0.5, x + nw / 2 - 0.5, y + nh / 2 - 0.5)
        rows.append([min(max(e, 0), m - 1) for e, m in zip(ends, (width, height) * 2)])
    return np.array(rows, np.float32)


def aligned(x, rois, grid, scale, points, mode):
    """The mean over the points of each cell, point by point."""
    y = np.zeros((len(rois), x.shape[1], *grid))
    h, w = x.shape[2:]
    for r, c, i, j in np.ndindex(*y.shape):
        n, x0, y0, x1, y1 = rois[r].astype(np.float64)
        left, top = x0 * scale, y0 * scale
        wide, high = (x1 + mode) * scale - left, (y1 + mode) * scale - top
        wide, high = (wide, high) if mode else (max(wide, 1), max(high, 1))
        across = points or max(1, int(np.ceil(wide / grid[1])))
        downwards = points or max(1, int(np.ceil(high / grid[0])))
        for a, b in np.ndindex(downwards, across):
            v = top + (i + (a + 0.5) / downwards) * high / grid[0]
            u = left + (j + (b + 0.5) / across) * wide / grid[1]
            if -1 <= v <= h and -1 <= u <= w:
                v, u = min(max(v, 0), h - 1), min(max(u, 0), w - 1)
                p, q = int(v), int(u)
                for s, t in {(s, t) for s in (p, min(p + 1, h - 1)) for t in (q, min(q + 1, w - 1))}:
                    y[r, c, i, j] += (1 - abs(v - s)) * (1 - abs(u - t)) * x[int(n), c, s, t] / (across * downwards)
    return y.astype(np.float32)


FEATURES = uniform((2, 3, 6, 7))
ROIS = np.float32([[0, 1.3, 2.1, 9.2, 8.7], [1, -3.1, 0.2, 15.3, 20.4], [1, 4.2, 5.1, 4.4, 5.3]])

CASES = [
    Case("iou", ops.iou, lambda a, g: np.float32([[shares(x, y, 1) for x in a] for y in g]), (ANCHORS, TRUTH)),
    Case("IOU iof", P.IOU("iof"), lambda a, g: np.float32([[shares(x, y, 1, True) for x in a] for y in g]),
         (ANCHORS, TRUTH)),
    Case("BoundingBoxEncode", P.BoundingBoxEncode(MEANS, STDS), encoded, (ANCHORS[:4], TRUTH), rtol=1e-4),
    Case("BoundingBoxDecode", P.BoundingBoxDecode((12, 14), MEANS, STDS, 0.3),
         lambda a, d: decoded(a, d, 12, 14, 0.3), (ANCHORS, DELTAS), rtol=1e-4, atol=1e-5),
    Case("CheckValid", lambda b: P.CheckValid()(b, Tensor([8.0, 12.0, 1.25])), lambda b: np.array(
        [x[0] >= 0 and x[1] >= 0 and x[2] <= 14 and x[3] <= 9 for x in b]), (ANCHORS - 1,), grad=False),
    Case("rotated_iou", ops.rotated_iou, lambda a, q: np.float32(
        [[[rotated(x, y) for y in m] for x in n] for n, m in zip(a, q)]), (TURNED, QUERIES), rtol=1e-4, atol=1e-5),
    Case("rotated_iou of corners", lambda a, q: ops.rotated_iou(a, q, True, 1, False), lambda a, q: np.float32(
        [[rotated(x, y, True, True) for x, y in zip(n, m)] for n, m in zip(a, q)]), (TURNED[:, :4], QUERIES),
         rtol=1e-4, atol=1e-5, grad=False),
    Case("ROIAlign", lambda x, r: P.ROIAlign(3, 2, 0.5)(x, r), lambda x, r: aligned(x, r, (3, 2), 0.5, 2, 1),
         (FEATURES, ROIS), rtol=1e-4, atol=1e-5, grad=False),
    Case("ROIAlign of features", lambda x: P.ROIAlign(2, 2, 0.5, 3, 0)(x, Tensor(ROIS)),
         lambda x: aligned(x, ROIS, (2, 2), 0.5, 3, 0), (FEATURES,), rtol=1e-4, atol=1e-5),
    *[Case(f"ROIAlign with as many points as fit, {mode}",
           lambda x, mode=mode: P.ROIAlign(3, 2, 0.5, -1, mode)(x, Tensor(ROIS)),
           lambda x, mode=mode: aligned(x, ROIS, (3, 2), 0.5, 0, mode), (FEATURES,), rtol=1e-4, atol=1e-5)
      for mode in (0, 1)],
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_cases(case):
    check_eager(case)
    check_graph(case)
    if case.grad:
        check_gradient(case)


def test_gradients_by_regions():
    inside = ROIS[:1]
    total = ms.grad(lambda r: (P.ROIAlign(2, 2, 0.5)(Tensor(FEATURES), r) ** 2).sum())(Tensor(inside)).asnumpy()
    step = 1e-3 * np.float32([[0, 1, -2, 0.5, 1]])
    ends = [(aligned(FEATURES, inside + s * step, (2, 2), 0.5, 2, 1).astype(np.float64) ** 2).sum() for s in (1, -1)]
    np.testing.assert_allclose((total * step).sum() * 2, ends[0] - ends[1], rtol=2e-2)


def test_numbers_of_the_documentation():
    """Encoded and decoded boxes worked out by hand."""
    found = ops.bounding_box_encode(Tensor([[2.0, 2, 2, 3]]), Tensor([[1.0, 2, 1, 4]]))
    np.testing.assert_allclose(found.asnumpy(), [[-1, 0.25, 0, np.log(1.5)]], rtol=1e-6)
    found = ops.bounding_box_decode(Tensor([[2.0, 2, 2, 3]]), Tensor([[1.0, 2, 0, np.log(3)]]), (768, 1280))
    np.testing.assert_allclose(found.asnumpy(), [[3, 4, 3, 9]], rtol=1e-6)


def test_rotated_boxes_with_common_sides():
    """Equal boxes, quarter turns, boxes that touch, one inside of the other."""
    a = Tensor([[[2.0, 3, 4, 2, 0], [2, 3, 4, 2, 90], [2, 3, 4, 2, 180], [4, 5, 4, 2, 0], [100, 100, 1, 1, 7]]])
    b = Tensor([[[2.0, 3, 4, 2, 0], [2, 3, 1.6, 1, 30]]])
    found = ops.rotated_iou(a, b).asnumpy()[0]
    np.testing.assert_allclose(found, [[1, 0.2], [4 / 12, 0.2], [1, 0.2], [0, 0], [0, 0]], atol=1e-4)
    slack = ops.rotated_iou(Tensor([[[0.0, 0, 2, 2, 0]]]), Tensor([[[2.0, 0, 2, 2, 0]]]), v_threshold=0.1)
    np.testing.assert_allclose(slack.asnumpy(), 0, atol=1e-6)


def test_nms_with_mask(mode):
    boxes, scores = boxes_of(30, 2), np.random.default_rng(2).permutation(30).astype(np.float32)
    given = np.concatenate([boxes, scores[:, None]], 1)
    net = P.NMSWithMask(0.3) if mode == "pynative" else ms.jit(P.NMSWithMask(0.3))
    ordered, number, kept = net(Tensor(given))
    order = np.argsort(-scores)
    np.testing.assert_array_equal(ordered.asnumpy(), given[order])
    assert number.dtype is ms.int32 and number.asnumpy().tolist() == list(range(30))
    assert order[kept.asnumpy()].tolist() == chosen(boxes, scores, shares, 0.3, -1, 99)
    assert 3 < kept.asnumpy().sum() < 30


def test_non_max_suppression():
    boxes, scores = boxes_of(30, 3), np.random.default_rng(3).integers(0, 9, 30).astype(np.float32)
    turned = boxes.copy()
    turned[::2] = turned[::2][:, [2, 1, 0, 3]]
    for most, limit, least in ((30, 0.3, -1.0), (4, 0.1, -1.0), (30, 0.2, 5.0)):
        expected = chosen(boxes, scores, shares, limit, least, most)
        found = P.NonMaxSuppressionV3()(Tensor(turned), Tensor(scores), Tensor(most), limit, least)
        assert found.dtype is ms.int32 and found.asnumpy().tolist() == expected
        table = np.float32([[shares(a, b) for b in boxes] for a in boxes])
        found = P.NonMaxSuppressionWithOverlaps()(Tensor(table), Tensor(scores), most, limit, least)
        assert found.asnumpy().tolist() == expected
    table = Tensor(np.float32([[1, 0.5], [0.5, 1]]))
    found = P.NonMaxSuppressionWithOverlaps()(table, Tensor([1.0, 2.0]), 2, 0.5, 0.0)
    assert found.asnumpy().tolist() == [1]  # an overlap of the threshold is too much


@pytest.mark.parametrize("shared", [True, False])
def test_combined_non_max_suppression(mode, shared):
    boxes = np.stack([np.stack([boxes_of(12, 5 * n + c) / 10 for c in range(1 if shared else 3)], 1) for n in (0, 1)])
    scores = np.random.default_rng(4).permutation(2 * 12 * 3).reshape(2, 12, 3).astype(np.float32) / 72
    for each, total, pad, clip in ((4, 5, False, True), (2, 20, False, False), (2, 20, True, True)):
        net = P.CombinedNonMaxSuppression(pad, clip)
        run = net if mode == "pynative" else ms.jit(net)
        found = run(Tensor(boxes), Tensor(scores), each, total, 0.3, 0.2)
        places = min(total, 3 * each) if pad else total
        for image in range(2):
            best = [(scores[image, k, c], c, boxes[image, k, 0 if shared else c]) for c in range(3) for k in chosen(
                boxes[image, :, 0 if shared else c], scores[image, :, c], shares, 0.3, 0.2, each)]
            best = sorted(best, key=lambda b: -b[0])[:places]
            wanted = np.zeros((places, 6), np.float32)
            for row, (score, c, box) in zip(wanted, best):
                row[:] = [*(np.clip(box, 0, 1) if clip else box), score, c]
            got = np.concatenate([found[0].asnumpy()[image], found[1].asnumpy()[image, :, None],
                                  found[2].asnumpy()[image, :, None]], 1)
            np.testing.assert_allclose(got, wanted, rtol=1e-6)
            assert found[3].asnumpy()[image] == len(best)


def test_distorted_boxes():
    """Of many parts each keeps the bounds and shows enough of an object, and they differ."""
    ms.set_seed(0)
    size, objects = Tensor([60, 80, 3]), Tensor([[[0.2, 0.3, 0.5, 0.6], [0.7, 0.1, 0.9, 0.2]]])
    draw = P.SampleDistortedBoundingBoxV2(aspect_ratio_range=(0.5, 2.0), area_range=(0.2, 0.6))
    seen = set()
    for _ in range(30):
        begin, extent, box = draw(size, objects, 0.8)
        (y, x, _), (h, w, depth) = begin.asnumpy(), extent.asnumpy()
        seen.add((y, x, h, w))
        assert depth == -1 and 0 <= y <= 60 - h and 0 <= x <= 80 - w
        assert 0.2 <= h * w / 4800 <= 0.6 and 0.48 <= w / h <= 2.1
        np.testing.assert_allclose(box.asnumpy()[0, 0], [y / 60, x / 80, (y + h) / 60, (x + w) / 80], rtol=1e-6)
        best = 0
        for o in objects.asnumpy()[0] * [60, 80, 60, 80]:
            common = max(min(o[2], y + h) - max(o[0], y), 0) * max(min(o[3], x + w) - max(o[1], x), 0)
            best = max(best, common / ((o[2] - o[0]) * (o[3] - o[1])))
        assert best >= 0.8 - 1e-6
        assert (ops.slice(ops.zeros((60, 80, 3)), begin.asnumpy().tolist(), extent.asnumpy().tolist()).shape
                == (h, w, 3))
    assert len(seen) > 20


def test_distorted_boxes_of_last_resort():
    size = Tensor([10, 20, 1], ms.int32)
    one = P.SampleDistortedBoundingBoxV2(area_range=(0.05, 0.1), max_attempts=5)
    begin, extent, box = one(size, Tensor([[[0.0, 0, 1, 1]]]), Tensor([0.9]))  # no small part shows so much
    assert begin.dtype is ms.int32 and begin.asnumpy().tolist() == [0, 0, 0]
    assert extent.asnumpy().tolist() == [10, 20, -1]
    assert box.asnumpy().tolist() == [[[0, 0, 1, 1]]]
    free = P.SampleDistortedBoundingBoxV2(seed=3, use_image_if_no_bounding_boxes=True)
    none = Tensor(np.zeros((1, 0, 4), np.float32))
    assert free(size, none, 0.1)[1].asnumpy().tolist() == free(size, none, 0.1)[1].asnumpy().tolist()
    again = ms.jit(P.SampleDistortedBoundingBoxV2())
    parts = {tuple(again(size, Tensor([[[0.0, 0, 1, 1]]]), 0.1)[0].asnumpy().tolist()) for _ in range(9)}
    assert len(parts) > 1


BOX = Tensor([[[0.0, 0, 1, 1]]])


@pytest.mark.parametrize("call, error, text", [
    (lambda x: P.SampleDistortedBoundingBoxV2()(x, BOX, 0.1), ValueError, "expected three integers"),
    (lambda x: P.SampleDistortedBoundingBoxV2(area_range=(0.5, 2.0))(Tensor([5, 5, 3]), BOX, 0.1), ValueError,
     "areas at most 1"),
    (lambda x: P.SampleDistortedBoundingBoxV2()(Tensor([5, 5, 3]), Tensor(np.zeros((1, 0, 4))), 0.1), ValueError,
     "there are no bounding_boxes"),
    (lambda x: ops.iou(x, x), ValueError, "expected .boxes, 4."),
    (lambda x: ops.iou(x[:, :4], x[:, :4], "giou"), ValueError, "mode is 'giou'"),
    (lambda x: ops.rotated_iou(x, x), ValueError, "expected .B, N, 5."),
    (lambda x: ops.rotated_iou(x[None], x[None], mode=2), ValueError, "mode is 2"),
    (lambda x: ops.rotated_iou(x[None], x[None, :2], is_cross=False), ValueError, "with N = K"),
    (lambda x: ops.bounding_box_encode(x[:, :4], x[:1, :4]), ValueError, "expected equal shapes"),
    (lambda x: ops.bounding_box_encode(x[:, :4], x[:, :4], (0.0, 0.0)), ValueError, "means is"),
    (lambda x: ops.bounding_box_decode(x[:, :4], x[:, :4], (3,)), ValueError, "max_shape is"),
    (lambda x: ops.check_valid(x[:, :4], x[0]), ValueError, "img_metas has shape"),
    (lambda x: P.NMSWithMask()(x[:, :4]), ValueError, "expected .boxes, 5."),
    (lambda x: P.NonMaxSuppressionV3()(x[:, :4], x[0], 3, 0.5, 0.0), ValueError, "scores has shape"),
    (lambda x: P.NonMaxSuppressionV3()(x[:, :4], x[:, 0], -1, 0.5, 0.0), ValueError, "max_output_size is -1"),
    (lambda x: P.NonMaxSuppressionWithOverlaps()(x, x[:, 0], 1, 0.5, 0.0), ValueError, "expected .boxes, boxes."),
    (lambda x: P.CombinedNonMaxSuppression()(x, x, 1, 1, 0.5, 0.0), ValueError, "classes or 1, 4"),
    (lambda x: P.ROIAlign(2, 2, 1.0)(x, x), ValueError, "expected .N, C, H, W."),
    (lambda x: P.ROIAlign(0, 2, 1.0, 2)(Tensor(FEATURES), x), ValueError, "expected positive ints"),
])
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call(Tensor(uniform((3, 5))))


def test_names_of_the_functional_interface():
    for name in ("affine_grid", "bounding_box_decode", "bounding_box_encode", "check_valid", "iou", "rotated_iou"):
        assert getattr(F, name) is getattr(ops, name)
