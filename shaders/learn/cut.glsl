// A crop of a picture that lies on the device, as an input of the network: every value times a scale, plus a shift.
// u_place = (first pixel of the crop, pixels of a row, whether it is mirrored, 1 for blue first or 2 for the luma alone)
layout(std430, binding = 0) readonly buffer Pixels { uint u_pixels[]; };
layout(std140, binding = 1) uniform Cut { ivec4 u_place; vec4 u_scale, u_move, u_luma; };

vec4 texel(int tile, ivec2 p) {
    int x = u_place.z != 0 ? u_shape.z - 1 - p.x : p.x;
    vec4 pixel = unpackUnorm4x8(u_pixels[u_place.x + p.y * u_place.y + x]);
    vec3 value = floor(pixel.xyz * 255.0 + 0.5);
    if (u_place.w == 1) value = value.zyx;
    if (u_place.w == 2) value = vec3(dot(value, u_luma.xyz), 0.0, 0.0);
    return vec4(value * u_scale.xyz + u_move.xyz, 0.0);
}
