// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Notebook} from "../../data/Notebook.sol";

/// @title The cheats of forge that a script needs, by hand
interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// @title A forge script as anyone writes it: deploy, write, read
contract NotebookScript {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    event Seen(uint256 value, address notebook);

    function run() external {
        vm.startBroadcast();
        Notebook notebook = new Notebook();
        notebook.set(42, "scripted");
        notebook.set(43, "scripted again");
        vm.stopBroadcast();
        emit Seen(notebook.get(), address(notebook));
    }
}
