// A feature map or a filter sheet as a person sees it. KIND is 0 for a picture, 1 for tiles, 2 for a filter sheet;
// SAMPLES are taken along each side of a pixel that covers several texels.
#include "lib/nan.glsl"

uniform sampler2D u_values;
uniform sampler2D u_limits;  // smallest and largest finite value of each tile or kernel
uniform sampler2D u_total;   // and of all; behind it, the range of the scale that all have in common
uniform ivec4 u_shape;       // of an atlas; of a sheet: 1, height, width, 1
uniform ivec2 u_crop;        // width and height that are shown of each tile
uniform ivec2 u_tiling;      // tiles beside each other, texels between them
uniform ivec2 u_kernel;      // width and height of a sheet's kernels
uniform vec3 u_low, u_high;  // values that a picture shows black and full
uniform int u_colours;       // of a picture: 0 red, green, blue; 1 the other way round; 2 luma, and the colour it is shown in
uniform int u_grey;
uniform int u_overall;       // 0 each tile by its own range, 1 all by the common scale, 2 all by the range of all
uniform int u_nan;           // what is not a number: 0 as it comes, 1 in a checker, 2 transparent
uniform ivec3 u_corner;      // of the rectangle drawn into; its height where row 0 is at the bottom, else 0
uniform vec3 u_place;        // content at that corner, texels a pixel
uniform vec4 u_axes;         // along the content's x and y, of a pixel to the right and one down
uniform float u_line;        // pixels of the line between kernels; 0 draws none
uniform vec3 u_ground;

out vec4 o_colour;

const vec3 NEGATIVE = vec3(70.0, 150.0, 255.0) / 255.0;
const vec3 POSITIVE = vec3(255.0, 150.0, 50.0) / 255.0;
const vec3 LINE = vec3(0.31);
// A tile fainter than this part of the strongest is shown as faint, not blown up to noise.
const float FAINTEST = 0.02;

bool g_nan = false;
vec2 g_all, g_common;

vec2 known(vec2 limits) { return limits.x <= limits.y ? limits : vec2(0.0); }

// A 256th of a large float, by its bits: compilers take x * k - y * k for (x - y) * k, which overflows, and the
// reciprocal of a range near the largest float underflows.
float shrunk(float x) { return abs(x) > 1e-30 ? uintBitsToFloat(floatBitsToUint(x) - 0x04000000u) : 0.0; }

vec3 mapped(float value, ivec2 tile) {
    vec2 all = g_all;
    vec2 own = u_overall == 2 ? all : u_overall == 1 ? g_common : known(texelFetch(u_limits, tile, 0).xy);
    if (u_grey == 1) {
        if (max(max(abs(own.x), abs(own.y)), max(abs(all.x), abs(all.y))) > 1e37) {
            own = vec2(shrunk(own.x), shrunk(own.y));
            all = vec2(shrunk(all.x), shrunk(all.y));
            value = shrunk(value);
        }
        float span = own.y - own.x;
        if (u_overall == 0) span = max(span, FAINTEST * (all.y - all.x));
        return vec3(span > 0.0 ? clamp((value - own.x) / span, 0.0, 1.0) : 0.5);
    }
    float limit = max(-own.x, own.y);
    if (u_overall == 0) limit = max(limit, FAINTEST * max(-all.x, all.y));
    float part = limit > 0.0 ? clamp(value / limit, -1.0, 1.0) : 0.0;
    // By the root, so that what is small is seen beside the largest value.
    return sqrt(abs(part)) * (part < 0.0 ? NEGATIVE : POSITIVE);
}

// Colour of the content at a texel; sets g_nan.
vec3 content(ivec2 p) {
    if (any(lessThan(p, ivec2(0)))) return u_ground;
#if KIND == 1
    ivec2 pitch = u_crop + u_tiling.y;
    ivec2 cell = ivec2(quotient(p.x, pitch.x), quotient(p.y, pitch.y));
    ivec2 at = p - cell * pitch;
    int channel = cell.y * u_tiling.x + cell.x;
    if (cell.x >= u_tiling.x || channel >= u_shape.x || any(greaterThanEqual(at, u_crop))) return u_ground;
    vec4 texel = texelFetch(u_values, tile_origin(u_shape, channel >> 2) + at, 0);
    float value = texel[channel & 3];
    if (is_nan(vec4(value)).x) g_nan = true;
    return mapped(value, cell);
#else
    if (any(greaterThanEqual(p, u_crop))) return u_ground;
    vec4 texel = texelFetch(u_values, p, 0);
#if KIND == 2
    if (is_nan(texel).x) g_nan = true;
    return mapped(texel.x, ivec2(quotient(p.x, u_kernel.x), quotient(p.y, u_kernel.y)));
#else
    bvec4 nans = is_nan(texel);
    bvec3 broken = nans.xyz;
    if (u_colours == 1 && u_shape.x == 3) {
        broken = broken.zyx;
        texel.xyz = texel.zyx;
    }
    if (u_shape.x == 3 ? any(broken) : broken.x) g_nan = true;
    vec3 value = u_shape.x == 3 ? texel.xyz : texel.xxx;
    vec3 level = clamp((value - u_low) / (u_high - u_low), 0.0, 1.0);
    if (u_colours == 2) return nans.x ? vec3(0.0) : clamp(level + texel.yzw, 0.0, 1.0);
    return vec3(broken.x ? 0.0 : level.x, broken.y ? 0.0 : level.y, broken.z ? 0.0 : level.z);
#endif
#endif
}

vec2 place(vec2 pixel) {
    return u_place.xy + vec2(dot(u_axes.xy, pixel), dot(u_axes.zw, pixel)) * u_place.z;
}

void main() {
    vec2 pixel = gl_FragCoord.xy - vec2(u_corner.xy);
    if (u_corner.z > 0) pixel.y = float(u_corner.z) - pixel.y;
#if KIND > 0
    vec4 total = texelFetch(u_total, ivec2(0), 0);
    g_all = known(total.xy);
    g_common = known(total.zw);
#endif
    vec3 colour = vec3(0.0);
    for (int j = 0; j < SAMPLES; j++) {
        for (int i = 0; i < SAMPLES; i++) {
            vec2 part = (vec2(i, j) + 0.5) / float(SAMPLES) - 0.5;
            colour += content(ivec2(floor(place(pixel + part))));
        }
    }
    colour /= float(SAMPLES * SAMPLES);
    if (g_nan && u_nan == 1) {
        ivec2 square = ivec2(pixel) / 4;
        colour = ((square.x + square.y) & 1) == 0 ? vec3(1.0, 0.0, 1.0) : vec3(0.25, 0.0, 0.25);
    }
#if KIND == 2
    if (u_line > 0.0) {
        vec2 here = floor(place(pixel));
        vec2 before = floor(place(pixel - u_line));
        bool within = all(greaterThanEqual(here, vec2(0.0))) && all(lessThan(here, vec2(u_crop)));
        if (within && any(notEqual(floor(here / vec2(u_kernel)), floor(before / vec2(u_kernel))))) colour = LINE;
    }
#elif KIND == 0
    // To whole levels here: a GPU may round as it stores them, by a little more than to the nearest.
    colour = floor(colour * 255.0 + 0.5) / 255.0;
#endif
    o_colour = vec4(colour, g_nan && u_nan == 2 ? 0.0 : 1.0);
}
