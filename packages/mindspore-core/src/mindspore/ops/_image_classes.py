"""Operator classes of images: sizes, colours, reading at given places, boxes. `operations` takes them from here."""
from __future__ import annotations

from mindspore.ops import colors, detection, distorted, fractional, resizing, sampling, score_maps
from mindspore.ops.primitive import REQUIRED, Primitive, define

CLASSES: dict[str, type[Primitive]] = {}


def _define(name, function, **attributes):
    CLASSES[name] = define(name, function, **attributes)


# -- sizes -------------------------------------------------------------------------------------------------------------

_define("ResizeArea", resizing.resize_area, align_corners=False)
_define("ResizeBicubic", resizing.resize_bicubic, align_corners=False, half_pixel_centers=False)
_define("ResizeLinear1D", resizing.resize_linear_1d, coordinate_transformation_mode="align_corners")
_define("ScaleAndTranslate", resizing.scale_and_translate, kernel_type="lanczos3", antialias=True)
_define("UpsampleNearest3D", lambda x, output_size=None, scales=None: resizing.upsample3d(
    "UpsampleNearest3D", x, output_size, scales, "nearest"))
_define("UpsampleTrilinear3D", lambda x, output_size=None, scales=None, align_corners=False: resizing.upsample3d(
    "UpsampleTrilinear3D", x, output_size, scales, "trilinear", align_corners), align_corners=False)

_fractional = {"pooling_ratio": REQUIRED, "pseudo_random": False, "overlapping": False, "deterministic": False,
               "seed": 0, "seed2": 0}
_define("FractionalAvgPool", fractional.fractional_avg_pool, **_fractional)
_define("FractionalMaxPool", fractional.fractional_max_pool, **_fractional)

# -- colours -----------------------------------------------------------------------------------------------------------

_define("AdjustHue", colors.adjust_hue)
_define("AdjustSaturation", colors.adjust_saturation)
_define("HSVToRGB", colors.hsv_to_rgb)
_define("RGBToHSV", colors.rgb_to_hsv)

# -- reading at given places -------------------------------------------------------------------------------------------


def _grid_sampler(name, spatial):
    def sampled(input_x, grid, interpolation_mode="bilinear", padding_mode="zeros", align_corners=False):
        if input_x.ndim != spatial + 2:
            raise ValueError(f"{name}: input_x has shape {input_x.shape}; expected {spatial + 2} axes")
        return sampling.grid_sample(input_x, grid, interpolation_mode, padding_mode, align_corners)
    sampled.__doc__ = sampling.grid_sample.__doc__
    return sampled


_define("AffineGrid", sampling.affine_grid, align_corners=False)
_define("CropAndResize", lambda x, boxes, box_index, crop_size, method, extrapolation_value: sampling.crop_and_resize(
    x, boxes, box_index, crop_size, method, extrapolation_value), method="bilinear", extrapolation_value=0.0)
_define("ExtractGlimpse", sampling.extract_glimpse, centered=True, normalized=True, uniform_noise=True,
        noise="uniform")
for _name, _spatial in (("GridSampler2D", 2), ("GridSampler3D", 3)):
    _define(_name, _grid_sampler(_name, _spatial), interpolation_mode="bilinear", padding_mode="zeros",
            align_corners=False)

# -- boxes -------------------------------------------------------------------------------------------------------------

_define("BoundingBoxDecode", detection.bounding_box_decode, max_shape=REQUIRED, means=(0.0,) * 4, stds=(1.0,) * 4,
        wh_ratio_clip=0.016)
_define("BoundingBoxEncode", detection.bounding_box_encode, means=(0.0,) * 4, stds=(1.0,) * 4)
_define("CheckValid", detection.check_valid)
_define("CombinedNonMaxSuppression", detection.combined_non_max_suppression, pad_per_class=False, clip_boxes=True)
_define("IOU", detection.iou, mode="iou")
_define("NMSWithMask", detection.nms_with_mask, iou_threshold=0.5)
_define("NonMaxSuppressionV3", detection.non_max_suppression)
_define("NonMaxSuppressionWithOverlaps", detection.non_max_suppression_with_overlaps)
_define("SampleDistortedBoundingBoxV2", distorted.sample_distorted_bounding_box, seed=0, seed2=0,
        aspect_ratio_range=(0.75, 1.33), area_range=(0.05, 1.0), max_attempts=100,
        use_image_if_no_bounding_boxes=False)
_define("ROIAlign", detection.roi_align, pooled_height=REQUIRED, pooled_width=REQUIRED, spatial_scale=REQUIRED,
        sample_num=2, roi_end_mode=1)
CLASSES.update(score_maps.CLASSES)
