#include "lib/channel.glsl"

float value(int channel, ivec2 p) {
    return value0((channel * u_shape.y + p.y) * u_shape.z + p.x, ivec2(0));
}

#include "lib/lanes.glsl"
