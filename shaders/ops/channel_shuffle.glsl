#include "lib/channel.glsl"

float value(int channel, ivec2 p) {
    int place = channel / GROUPS;
    return value0((channel - place * GROUPS) * (u_shape.x / GROUPS) + place, p);
}

#include "lib/lanes.glsl"
