#include "lib/channel.glsl"

// Axes by number: LENGTHS of each, 0 where it follows from a shape; FROM and TO list them as they lie in the input and
// in the output, each with the side (0 channels, 1 height, 2 width) that it is a part of, the last running fastest.
int g_lengths[AXES];

int side_of(int k) {
    ivec4 shape = k < 3 ? u_shape0 : u_shape;
    int side = k % 3;
    return side == 0 ? shape.x : side == 1 ? shape.y : shape.z;
}

void find_lengths() {
    for (int a = 0; a < AXES; a++) g_lengths[a] = LENGTHS[a];
    for (int n = 0; n < OPEN_COUNT; n++) {
        int axis = OPEN_AXES[n], at = OPEN_SIDES[n], rest = side_of(at);
        if (at < 3) {
            for (int k = 0; k < FROM_COUNT; k++) {
                if (FROM_SIDES[k] == at && FROM_AXES[k] != axis) rest /= g_lengths[FROM_AXES[k]];
            }
        } else {
            for (int k = 0; k < TO_COUNT; k++) {
                if (TO_SIDES[k] == at - 3 && TO_AXES[k] != axis) rest /= g_lengths[TO_AXES[k]];
            }
        }
        g_lengths[axis] = rest;
    }
}

float value(int channel, ivec2 p) {
    int at[AXES];
    ivec3 rest = ivec3(channel, p.y, p.x), from = ivec3(0);
    for (int k = TO_COUNT - 1; k >= 0; k--) {
        int axis = TO_AXES[k], side = TO_SIDES[k], whole = rest[side] / g_lengths[axis];
        at[axis] = rest[side] - whole * g_lengths[axis];
        rest[side] = whole;
    }
    for (int k = 0; k < FROM_COUNT; k++) {
        int axis = FROM_AXES[k], side = FROM_SIDES[k];
        from[side] = from[side] * g_lengths[axis] + at[axis];
    }
    return value0(from.x, from.zy);
}

vec4 texel(int tile, ivec2 p) {
    find_lengths();
    vec4 gathered = vec4(0.0);
    for (int lane = 0; lane < 4 && tile * 4 + lane < u_shape.x; lane++) gathered[lane] = value(tile * 4 + lane, p);
    return gathered;
}
