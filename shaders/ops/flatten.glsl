#include "lib/channel.glsl"

float value(int channel, ivec2 p) {
    int row = channel / u_shape0.z;
    return value0(row / u_shape0.y, ivec2(channel - row * u_shape0.z, row % u_shape0.y));
}

#include "lib/lanes.glsl"
