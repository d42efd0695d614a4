// Adds so much of every gradient to the tensor that holds its total, or takes it in its place.
#include "learn/table.glsl"

void main() {
    Item item = item_at(my_group(), int(gl_LocalInvocationIndex));
    if (!item.live) return;
    for (int lane = 0; lane < 4 && has_lane(item, lane); lane++) {
        ivec2 at = place_of(item, lane);
        vec4 more = u_share * texelFetch(GRAD(item.job), at, 0);
        keep_weight(item.job, at, u_kept > 0.0 ? texelFetch(WEIGHT(item.job), at, 0) + more : more);
    }
}
