// The value that is FARTHER than all others within OpenCV's ellipse of 2 * RADIUS + 1 pixels; NaN wins.
#include "lib/nan.glsl"

vec4 bent(int tile, ivec2 p) {
    int radius = int(RADIUS);
    vec4 found = vec4(WORST);
    uvec4 largest_bits = uvec4(0u);
    for (int y = max(-radius, -p.y); y <= min(radius, u_shape.y - 1 - p.y); y++) {
        int wide = int(sqrt(float(radius * radius - y * y)) + 0.5);
        for (int x = max(-wide, -p.x); x <= min(wide, u_shape.z - 1 - p.x); x++) {
            vec4 value = read0(tile, p + ivec2(x, y));
            found = FARTHER(found, value);
            largest_bits = max(largest_bits, magnitude_bits(value));
        }
    }
    return mix(found, uintBitsToFloat(largest_bits), greaterThan(largest_bits, uvec4(0x7f800000u)));
}
