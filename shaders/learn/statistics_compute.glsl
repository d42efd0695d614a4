// Brings running statistics nearer to those of this step, which lie in a column of a map of moments.
// Of the table: how many columns of tiles the moments have, which column of a tile it is, and by what the variance of many values
// is larger than that of the few it was taken of.
#include "learn/table.glsl"
#include "lib/nan.glsl"

layout(std430, binding = 4) buffer Verdict { float u_failed, u_down; };

void main() {
    Item item = item_at(my_group(), int(gl_LocalInvocationIndex));
    if (!item.live || u_failed != 0.0) return;
    ivec2 told = ivec2(table(item.job, 10).zw), at = place_of(item, 0);
    vec4 now = texelFetch(WEIGHT(item.job), at, 0);
    ivec2 corner = tile_origin(ivec4(item.shape.x, 1, 2, told.x), item.out_tile);
    vec4 seen = texelFetch(GRAD(item.job), corner + ivec2(told.y, 0), 0) * uintBitsToFloat(table(item.job, 7).w);
    // Not now + u_follow * (seen - now), which leaves nothing of what is small beside what was.
    vec4 moved = (1.0 - u_follow) * now + u_follow * seen;
    vec4 next = mix(vec4(0.0), moved, live_lanes(item.shape, item.out_tile));
    if (any(is_not_finite(next))) {
        // Loss and gradients may be finite all the same: the step after this one is not taken.
        u_failed = 1.0;
        return;
    }
    keep_weight(item.job, at, next);
}
